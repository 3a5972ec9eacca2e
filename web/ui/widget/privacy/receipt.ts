// The receipt of an answer, as far as it is shown. Nothing is checked here: who
// doubts the server would not believe its page either, but the file.

export type Receipt = {
  /** Where the answer is in the public log, counted from 0. */
  index: number;
  at: string;
  /** The log's name. */
  log: string;
  /** How many others have signed what the log holds. */
  witnesses: number;
  /** How many help articles it names. */
  articles: number;
  /** The customer's data that it names, once for each recipient. */
  uses: { category: string; recipient: string }[];
};

type Parts = {
  head: { at: string; uses: { category: string; recipient: string }[] | null };
  body: { records: string[] | null };
  proof: string;
};

/** Reads a receipt: JSON with a proof of C2SP tlog-proof, which ends in a signed checkpoint. */
export function readReceipt(text: string): Receipt {
  const { head, body, proof } = JSON.parse(text) as Parts;
  const [top = "", checkpoint = ""] = proof.split(/\n\n(.*)/s);
  const log = checkpoint.split("\n")[0]!;
  const signers = [...checkpoint.matchAll(/^\u2014 (\S+) /gm)].map((m) => m[1]!);
  const uses = head.uses ?? [];
  const articles = (body.records ?? []).filter((_, i) => uses[i]?.category === "knowledge");
  const personal = uses.filter((u) => u.category !== "knowledge");
  return {
    index: Number(/^index (\d+)$/m.exec(top)?.[1]),
    at: head.at,
    log,
    witnesses: new Set(signers.filter((s) => s !== log)).size,
    articles: new Set(articles).size,
    uses: [...new Map(personal.map((u) => [`${u.category}/${u.recipient}`, u])).values()],
  };
}
