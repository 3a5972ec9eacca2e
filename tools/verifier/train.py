"""Trains the verifier's classifier from what features.go wrote.

    python3 train.py FEATURES.jsonl --out ../../answer/verifier.json

Prints, for each data set, balanced accuracy and AUC on folds that share no context
with what was trained on. Needs lightgbm and scikit-learn (requirements.txt); one
thread and fixed seeds, so that the same features give the same file.
"""

import argparse
import json

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold

# SciFact's claims are the hardest, so they count more.
EMPHASIS = {"scifact.jsonl": 2}
ROUNDS, FOLDS, REPEATS = 350, 10, 3
# Of what is shown, this share is supported: the claims of a set and label count as
# much as those of any other.
PRECISION = 0.90


def model(grows, seed):
    return lightgbm.LGBMClassifier(
        n_estimators=ROUNDS, learning_rate=0.04, num_leaves=8, min_child_samples=30, subsample=0.7, subsample_freq=1,
        colsample_bytree=0.3, reg_lambda=5, monotone_constraints=grows, n_jobs=1, random_state=seed, verbose=-1,
        deterministic=True, force_row_wise=True,
    )


def raw(m, x):
    return m.booster_.predict(x, raw_score=True)


def export(m):
    trees = []
    for t in m.booster_.dump_model()["tree_info"]:
        out = {"f": [], "l": [], "a": [], "b": [], "v": []}

        def add(node):
            if "leaf_value" in node:
                out["v"].append(round(node["leaf_value"] / REPEATS, 6))
                return -len(out["v"])
            n = len(out["f"])
            out["f"].append(node["split_feature"])
            # Rounded as a number, not as text: features are compared in float64.
            out["l"].append(float("%.6g" % node["threshold"]))
            out["a"].append(0)
            out["b"].append(0)
            out["a"][n] = add(node["left_child"])
            out["b"][n] = add(node["right_child"])
            return n

        if add(t["tree_structure"]) == 0:
            trees.append(out)
    return trees


def main():
    args = argparse.ArgumentParser()
    args.add_argument("features")
    args.add_argument("--out", required=True)
    args = args.parse_args()

    lines = open(args.features)
    head = json.loads(next(lines))
    rows = [json.loads(line) for line in lines]
    x = np.array([r["features"] for r in rows])
    y = np.array([r["label"] == "supported" for r in rows]).astype(int)
    sets = np.array([r["set"] for r in rows])
    claims = np.array([r["label"] != "generic" for r in rows])
    number = {g: i for i, g in enumerate(dict.fromkeys(r["group"] for r in rows))}
    groups = np.array([number[r["group"]] for r in rows])

    # Each set and each label counts as much as any other; what makes no claim counts
    # half, as unsupported.
    weight = np.zeros(len(y))
    for s in set(sets):
        for label in (0, 1):
            m = (sets == s) & (y == label)
            weight[m] = EMPHASIS.get(s, 1) * 1000 / m.sum()
    even = weight.copy()
    weight[~claims] *= 0.5

    total = np.zeros(len(y))
    for seed in range(REPEATS):
        order = np.random.RandomState(seed).permutation(len(number))
        for train, test in GroupKFold(FOLDS).split(x, y, order[groups]):
            m = model(head["grows"], seed).fit(x[train], y[train], sample_weight=weight[train])
            total[test] += raw(m, x[test])
    unseen = total / REPEATS

    # Platt's calibration, on the claims as often as they are.
    platt = LogisticRegression(C=1e6).fit(unseen[claims].reshape(-1, 1), y[claims])
    slope, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    score = lambda total: 1 / (1 + np.exp(-(slope * total + shift)))

    cut = 0.0  # even odds, as each label was made to count alike
    for s in sorted(set(sets)):
        m = (sets == s) & claims
        print("%-34s balanced accuracy %.3f  AUC %.3f" % (
            s, balanced_accuracy_score(y[m], unseen[m] >= cut), roc_auc_score(y[m], unseen[m])))
    release = next(t for t in np.sort(unseen) if t > cut and
                   even[(unseen >= t) & (y == 1)].sum() >= PRECISION * even[unseen >= t].sum())
    threshold, shown = score(cut), score(release)
    p, width = score(unseen[claims]), 0.1
    bins = (p / width).astype(int)
    ece = sum(abs(p[bins == b].mean() - y[claims][bins == b].mean()) * (bins == b).mean() for b in set(bins))
    print("calibration error of all %.3f" % ece)
    for s in sorted(set(sets)):
        m = (sets == s) & claims & (unseen >= release)
        print("%-34s shown %.3f of the supported, precision %.3f" % (s, y[m].sum() / y[(sets == s)].sum(), y[m].mean()))
    print("threshold %.3f, release %.3f (sum %.3f)" % (threshold, shown, release))

    # As many models as were averaged above.
    models = [model(head["grows"], seed).fit(x, y, sample_weight=weight) for seed in range(REPEATS)]
    trees = [t for m in models for t in export(m)]
    with open(args.out, "w") as f:
        f.write('{"threshold":%.4f,"release":%.4f,"slope":%.4f,"shift":%.4f,\n"trees":[\n' % (
            threshold, shown, slope, shift))
        f.write(",\n".join(json.dumps(t, separators=(",", ":")) for t in trees))
        f.write("\n]}\n")
    print(len(trees), "trees; the score of the first claim is %.4f" % score(np.mean([raw(m, x[:1])[0] for m in models])))


main()
