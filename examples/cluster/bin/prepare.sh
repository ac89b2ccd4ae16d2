#!/bin/sh
# What has to be done on this machine before the workers begin.
set -eu
echo "prepared on $(hostname)"
