#!/bin/bash
# Prints the IPv4 addresses of the network namespace it runs in, then its links, one a line.
ip -o -4 addr show
ip -o link show
