"""One line per epoch, for a notebook or a log."""


def epoch_line(entry: dict, epochs: int) -> str:
    """An entry of the history in words."""
    return (
        f"epoch {entry['epoch']:>3}/{epochs}  lr {entry['learning_rate']:.1e}  "
        f"loss {entry['train_loss']:.4f} (validation {entry['validation_loss']:.4f})  "
        f"accuracy {entry['train_accuracy']:.4f} ({entry['validation_accuracy']:.4f})  "
        f"validation macro F1 {entry['validation_macro_f1']:.4f}  {entry['seconds']:.1f} s"
    )
