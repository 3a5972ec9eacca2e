// Where staff choose a password: with the link of an invitation or of a mail, which
// this page also asks for.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, client } from "../shared/api";
import { LineBanner } from "../shared/LineBanner";
import { explain } from "../shared/staff";
import { NewPassword } from "./NewPassword";

const api = client(() => ({}));

// The token is in the fragment, which no server and no proxy logs.
const token = () => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

/** Words that take the focus when they come, so that they are read out. */
function Said({ title, children }: { title: string; children: preact.ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </section>
  );
}

function AskLink({ problem: before }: { problem: string }) {
  const [email, setEmail] = useState("");
  const [problem, setProblem] = useState(before);
  const [busy, setBusy] = useState(false);
  const [mails, setMails] = useState<boolean>();
  if (mails) {
    return (
      <Said title="Look at your mail">
        <p>If there is an account for {email}, a link to another password is on its way. It works once, within an hour.</p>
        <p class="quiet">Nothing after a few minutes? Ask an administrator for a link.</p>
      </Said>
    );
  }
  if (mails === false) {
    return (
      <Said title="Ask an administrator">
        <p>No e-mail is sent from here. An administrator can make a link to another password for you.</p>
      </Said>
    );
  }
  return (
    <form
      onSubmit={async (e) => {
        e.preventDefault();
        setBusy(true);
        try {
          setMails((await api.post<{ mails: boolean }>("/api/staff/password-reset", { email })).mails);
        } catch (e) {
          setProblem(explain(e));
        }
        setBusy(false);
      }}
    >
      <h1>Another password</h1>
      <p class="quiet">We mail you a link with which you choose it.</p>
      <label>
        E-mail
        <input
          class="field"
          type="email"
          autocomplete="username"
          required
          data-testid="reset-email"
          value={email}
          onInput={(e) => setEmail(e.currentTarget.value)}
        />
      </label>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" class="button primary" data-testid="reset-submit" disabled={busy}>
        {busy ? "Asking…" : "Mail me a link"}
      </button>
    </form>
  );
}

function Page() {
  const [link, setLink] = useState(token);
  const [over, setOver] = useState("");
  const [done, setDone] = useState(false);
  useEffect(() => {
    const changed = () => {
      setOver("");
      setDone(false);
      setLink(token());
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  if (done) {
    return (
      <Said title="Your password is set">
        <p>You are signed out everywhere else. Sign in with the new password:</p>
        <p>
          <a href="/desk">The desk</a> · <a href="/admin">The admin pages</a>
        </p>
      </Said>
    );
  }
  if (!link || over) return <AskLink key={over} problem={over} />;
  return (
    <NewPassword
      key={link}
      save={async (password) => {
        try {
          await api.post("/api/staff/password", { token: link, password });
        } catch (e) {
          if (e instanceof ApiError && e.status === 410) {
            setOver(e.detail);
            return "";
          }
          return explain(e);
        }
        history.replaceState(null, "", location.pathname);
        setDone(true);
        return "";
      }}
    />
  );
}

render(
  <>
    <LineBanner />
    <main class="login">
      <Page />
    </main>
  </>,
  document.getElementById("app")!,
);
