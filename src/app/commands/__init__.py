"""One module for each group of commands; `add_commands` says what they are, `run` functions do them."""
