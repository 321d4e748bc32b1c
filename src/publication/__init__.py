"""Publication, an axis of its own: permission, judgement, a separate public text. It never moves a handling state."""
