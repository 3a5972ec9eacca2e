import { useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import type { ChatState } from "../state";
import { HeldItem } from "./HeldItem";
import { ListView, useList } from "./list";
import { Remember } from "./Remember";
import type { HeldRecord } from "./types";
import { say } from "./words";

/** What is held about the customer here, and their own hand on it. */
export function Held({ chat }: { chat: ChatState }) {
  const [version, setVersion] = useState(0);
  // An erasure or a deletion of a category raises the epoch.
  const list = useList<HeldRecord>("/api/me/records", `${version}/${chat.consents?.epoch}`);
  const changed = () => setVersion(version + 1);
  if (!chat.known) return <p>{say.heldVisitor}</p>;
  return (
    <>
      <p>{fill(say.heldIntro, { brand: chat.brand })}</p>
      <Remember chat={chat} done={changed} />
      <ListView list={list} empty={say.heldEmpty}>
        {(r) => <HeldItem key={r.id} record={r} chat={chat} done={changed} />}
      </ListView>
    </>
  );
}
