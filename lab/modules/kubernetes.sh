#!/bin/bash
# Writes the modules of a Kubernetes release, of its programs and of its tests: lab/modules/kubernetes.sh 1.37.2
# Upstream's staging modules live in its repository and are published beside it; go.mod says where. Where the exact patch
# of one is not served, the nearest patch below stands in for it, and a comment says so. Only tests import a sample: they
# have a module of their own, so that a change of theirs does not have the programs built anew.
set -euo pipefail
version=$1
minor=${version%.*}
modules=$(dirname "$0")
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

# write_module NAME SAMPLES_LEFT_OUT ARGUMENT_OF_GO_LIST...: with the checksums of all that is built from it.
write_module() {
  local folder=$modules/$1-$minor left_out=$2 module patch note number
  shift 2
  {
    printf 'module k8s-diskless.test/lab/%s\n\n' "$(basename "$folder")"
    # What a program accepts and how it behaves depends on these.
    grep -E '^go ' "$upstream"
    awk '/^godebug [a-z]/ { print "\n" $0 } /^godebug \(/ { print ""; inside = 1 } inside { print } inside && /^\)/ { inside = 0 }' "$upstream"
    printf '\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
    # Names of modules have no blanks.
    # shellcheck disable=SC2013
    for module in $(sed -nE 's#^(replace)?[[:space:]]*(k8s\.io/[a-z-]+) => \./staging/.*#\2#p' "$upstream" | grep -vE "/sample-($left_out)\$"); do
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
  cp "$work/new.mod" "$folder/go.mod"
  mv "$work/new.mod" "$work/go.mod"
  (cd "$work" && GOFLAGS=-mod=mod go list -deps "$@" >/dev/null)
  mv "$work/go.sum" "$folder/go.sum"
  rm "$work/go.mod"
}

commands=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl kubeadm)
write_module kubernetes apiserver\|cli-plugin\|controller "${commands[@]/#/k8s.io/kubernetes/cmd/}"
write_module kubernetes-tests cli-plugin\|controller -test k8s.io/kubernetes/test/e2e \
  k8s.io/kubernetes/test/images/{agnhost,nonewprivs} k8s.io/sample-apiserver github.com/onsi/ginkgo/v2/ginkgo
