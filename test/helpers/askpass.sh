#!/bin/sh
# Answers ssh-add in tests.
printf "%s\n" "$PASSPHRASE"
