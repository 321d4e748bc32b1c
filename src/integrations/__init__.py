"""Outside systems, one folder each. Their words stop here: what goes in and comes out is ours."""
