"""From a trained network to answers about a user's own cells, with what there is to be said about their certainty."""
