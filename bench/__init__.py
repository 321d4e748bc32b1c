"""Measurements of the real service, as ratios against limits measured in the same run. Started by `make bench`."""
