#!/bin/bash
# Answers one HTTP request on standard input with what Docker's API says of itself, at version 0.0.0.
#
# A kubelet up to 1.23 asks Docker for its root directory, five times with a second between, before it does anything
# else (cAdvisor container/docker/docker.go: rootDirRetries). Version 0.0.0 is below what cAdvisor accepts, so that it
# goes on as without Docker, five seconds earlier.
while IFS= read -r line && [ "${line%$'\r'}" != '' ]; do :; done
body='{"ServerVersion":"0.0.0","Version":"0.0.0","ApiVersion":"1.24","DockerRootDir":"/var/lib/docker"}'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
  "${#body}" "$body"
