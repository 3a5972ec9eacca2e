import { useEffect, useState } from "preact/hooks";
import { client } from "./api";
import { signIn, staff } from "./staff";
import { useStore } from "./store";

type Props = { title: string; about: string; roles: string[] };

/** The way in for staff. Opened from the demo, it is filled in already. */
export function Login({ title, about, roles }: Props) {
  const { problem } = useStore(staff);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (new URLSearchParams(location.search).get("demo") !== "1") return;
    client(() => ({}))
      .get<{ staff: { email: string; password: string; role: string }[] }>("/demo/config")
      .then(
        ({ staff }) => {
          const login = roles.map((r) => staff.find((s) => s.role === r)).find(Boolean);
          if (!login) return;
          setEmail(login.email);
          setPassword(login.password);
        },
        () => {}, // not a demo: the form stays empty
      );
  }, []);

  return (
    <main class="login">
      <form
        onSubmit={async (e) => {
          e.preventDefault();
          setBusy(true);
          await signIn(email, password);
          setBusy(false);
        }}
      >
        <h1>{title}</h1>
        <p class="quiet">{about}</p>
        <label>
          E-mail
          <input
            class="field"
            type="email"
            autocomplete="username"
            required
            data-testid="login-email"
            value={email}
            onInput={(e) => setEmail(e.currentTarget.value)}
          />
        </label>
        <label>
          Password
          <input
            class="field"
            type="password"
            autocomplete="current-password"
            required
            data-testid="login-password"
            value={password}
            onInput={(e) => setPassword(e.currentTarget.value)}
          />
        </label>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button primary" data-testid="login-submit" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <p class="quiet">
          <a href="/staff/password">Forgot your password?</a>
        </p>
      </form>
    </main>
  );
}
