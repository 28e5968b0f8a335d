#!/bin/bash
# Writes the module of a Kubernetes release: lab/modules/kubernetes.sh 1.37.2
# Upstream's staging modules live in its repository and are published beside it; go.mod says where. Where the exact patch
# of one is not served, the nearest patch below stands in for it, and a comment says so. Nothing imports the samples.
set -euo pipefail
version=$1
minor=${version%.*}
folder=$(dirname "$0")/kubernetes-$minor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In a directory without a go.mod of its own.
mod_file() {
  (cd "$work" && go mod download -json "$1@$2" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
}

is_served() {
  (cd "$work" && go mod download "$1@$2" 2>/dev/null)
}

upstream=$(mod_file k8s.io/kubernetes "v$version")
[ -n "$upstream" ] || { echo "k8s.io/kubernetes v$version is not served" >&2; exit 1; }

staging=v0.${version#1.}
{
  printf 'module k8s-diskless.test/lab/kubernetes-%s\n\n' "$minor"
  # What a program accepts and how it behaves depends on these.
  grep -E '^go ' "$upstream"
  awk '/^godebug [a-z]/ { print "\n" $0 } /^godebug \(/ { print ""; inside = 1 } inside { print } inside && /^\)/ { inside = 0 }' "$upstream"
  printf '\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
  # Names of modules have no blanks.
  # shellcheck disable=SC2013
  for module in $(sed -nE 's#^(replace)?[[:space:]]*(k8s\.io/[a-z-]+) => \./staging/.*#\2#p' "$upstream" | grep -v /sample-); do
    patch=$staging note=
    until is_served "$module" "$patch"; do
      number=${patch##*.}
      [ "$number" -gt 0 ] || { echo "$module is not served for $minor" >&2; exit 1; }
      patch=${patch%.*}.$((number - 1))
      note=" // $staging is not served"
    done
    printf '\t%s => %s %s%s\n' "$module" "$module" "$patch" "$note"
  done
  printf ')\n'
} >"$work/new.mod"
mkdir -p "$folder"
mv "$work/new.mod" "$folder/go.mod"

# The checksums of all that is built from it.
cp "$folder/go.mod" "$work/go.mod"
commands=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl kubeadm)
(cd "$work" && GOFLAGS=-mod=mod go list -deps "${commands[@]/#/k8s.io/kubernetes/cmd/}" >/dev/null)
mv "$work/go.sum" "$folder/go.sum"
