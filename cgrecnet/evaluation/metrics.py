"""The scores of section 2.5 of the paper: accuracy, precision, recall, F1 and the area under the ROC curve.

Every function takes true labels and class probabilities, so any score can be recomputed from a run's
stored predictions. The scores themselves are scikit-learn's.
"""

import numpy as np
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, roc_auc_score


def score(labels: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]) -> dict:
    """All scores of one set of predictions.

    labels: shape (cells,), integers; probabilities: shape (cells, classes), rows sum to 1.
    Returns plain numbers (ready for JSON): `accuracy`, `balanced_accuracy`, support-weighted and macro
    `precision`, `recall`, `f1`, macro one-vs-rest `auc`, `per_class` and the `confusion` counts
    (rows: true class, columns: predicted class).
    A class without a cell in `labels` counts in no mean over classes: `balanced_accuracy` (the mean recall, so that it
    is the macro recall) and the macro scores are those of the classes present. In `per_class` its scores are 0 with a
    support of 0, and its area is None, as is that of a class that is all there is (and then the macro area).
    Raises ValueError where shapes disagree or a probability is not finite.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=float)
    if probabilities.shape != (len(labels), len(classes)):
        raise ValueError(
            f"Probabilities of shape {probabilities.shape} do not fit {len(labels)} labels "
            f"and {len(classes)} classes."
        )
    if len(labels) == 0 or not np.isfinite(probabilities).all():
        raise ValueError("Scores need at least one prediction, and finite probabilities.")
    every = np.arange(len(classes))
    predicted = probabilities.argmax(axis=1)
    of_all = _report(labels, predicted, every)
    areas = [one_vs_rest_auc(labels, probabilities, index) for index in every]
    present = np.unique(labels)
    known = [areas[index] for index in present]
    macro = _three(_report(labels, predicted, present)["macro avg"])
    return {
        "n": len(labels),
        "accuracy": float(accuracy_score(labels, predicted)),
        "balanced_accuracy": macro["recall"],
        "weighted": _three(of_all["weighted avg"]),
        "macro": macro | {"auc": None if None in known else float(np.mean(known))},
        "per_class": [
            {"name": name, "support": int(of_all[str(i)]["support"]), **_three(of_all[str(i)]), "auc": areas[i]}
            for i, name in enumerate(classes)
        ],
        "confusion": confusion_matrix(labels, predicted, labels=every).tolist(),
    }


def one_vs_rest_auc(labels: np.ndarray, probabilities: np.ndarray, index: int) -> float | None:
    """Area under the ROC curve of class `index` against all others; None where one side is empty."""
    member = np.asarray(labels) == index
    if member.all() or not member.any():
        return None
    return float(roc_auc_score(member, np.asarray(probabilities)[:, index]))


def _report(labels: np.ndarray, predicted: np.ndarray, classes: np.ndarray) -> dict:
    """scikit-learn's report over these classes, by their numbers: a class's own name may be `accuracy`."""
    return classification_report(labels, predicted, labels=classes, output_dict=True, zero_division=0)


def _three(row: dict) -> dict:
    return {"precision": row["precision"], "recall": row["recall"], "f1": row["f1-score"]}
