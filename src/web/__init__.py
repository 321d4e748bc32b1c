"""Doors for people and programs: pages, forms and the JSON API. Knows HTTP; decides nothing."""
