import { Many } from "./Field";

const roles: [role: string, words: string][] = [
  ["agent", "Agent: serves customers at the desk"],
  ["supervisor", "Supervisor: sees all of the desk, gives out and takes over"],
  ["reviewer", "Reviewer: reads answers and says what is wrong"],
  ["privacy", "Privacy: answers what customers ask about their data"],
  ["analyst", "Analyst: sees numbers only"],
  ["auditor", "Auditor: reads, and changes nothing"],
  ["admin", "Administrator: runs all of it, and works everywhere"],
];

/** What somebody may do. */
export function Roles({ value, set, fixed }: { value: string[]; set: (roles: string[]) => void; fixed?: string }) {
  return <Many title="Roles" choices={roles} value={value} set={set} testid="role" fixed={fixed} />;
}
