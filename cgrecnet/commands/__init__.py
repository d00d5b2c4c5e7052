"""The commands of `cgrecnet`, a file each with `add(commands)`; they only read words and call the package."""
