#!/bin/sh
# Commit the memory files of all branches to the repository in .memory, if they have changed. They
# are copied there: a branch may be a repository of its own, which git would leave out.
set -eu

store=.memory
[ -d "$store/.git" ] || git init --quiet "$store"
find "$store" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
find . -path "./$store" -prune -o -type f \
    \( -name '*.local.json' -o -name '*.observations.json' -o -path '*/.trinity/*.json' \) \
    ! -name 'DASHBOARD.local.json' -exec cp --parents -t "$store" {} +

git -C "$store" add --all
if git -C "$store" diff --cached --quiet; then
    echo '{"changed": 0}'
    exit
fi
changed=$(git -C "$store" diff --cached --name-only | wc -l)
git -C "$store" -c user.name=scheduled -c user.email=scheduled@localhost \
    commit --quiet --message="Memory as of ${SCHEDULED_SLOT:-now}"
printf '{"changed": %d}\n' "$changed"
