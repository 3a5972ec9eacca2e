// Whether somebody who was here has something to come back for. It says nothing else, and
// nothing of them. A visitor's conversation ends with their tab, a customer's does not.

export type Who = "" | "visitor" | "customer";

export function keeper(site: () => string) {
  // A page may have no storage: then the chat waits to be opened.
  function kept<T>(use: (visitor: Storage, customer: Storage, key: string) => T): T | undefined {
    try {
      return use(sessionStorage, localStorage, `candor-awaits:${site()}`);
    } catch {
      return undefined;
    }
  }
  return {
    awaits: (): Who => kept((visitor, customer, key) => (visitor.getItem(key) ? "visitor" : customer.getItem(key) ? "customer" : "")) ?? "",
    note: (who: Who) =>
      kept((visitor, customer, key) => {
        visitor.removeItem(key);
        customer.removeItem(key);
        if (who) (who === "customer" ? customer : visitor).setItem(key, "1");
      }),
  };
}
