#!/bin/bash
# Builds Kubernetes from Debian's source package: kubernetes.sh SOURCE_DIR WORK_DIR OUT_DIR GIT_VERSION
# SOURCE_DIR holds the .dsc and its tarballs; the static binaries of GIT_VERSION arrive in OUT_DIR.
# Every line written to stdout is progress for a person.
set -euo pipefail
source_dir=$1 work_dir=$2 out_dir=$3 git_version=$4

commands=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl kubeadm)

echo 'unpacking the source package'
go_path=$work_dir/go
tree=$go_path/src/k8s.io/kubernetes
mkdir -p "$(dirname "$tree")" "$out_dir" "$work_dir/tmp"
dpkg-source --no-check --extract "$source_dir"/kubernetes_*.dsc "$tree" >"$work_dir/unpack.log"

# The vendored reflect2 1.0.1 crashes under Go >= 1.18 as soon as a map is marshalled to YAML; Debian has 1.0.2.
reflect2=$tree/vendor/github.com/modern-go/reflect2
rm -rf "$reflect2"
cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$reflect2"

# Module mode would want to change go.mod. GOFLAGS of the caller could bring it back, so it is overruled too.
export GO111MODULE=off GOPATH=$go_path GOCACHE=$work_dir/go-cache GOFLAGS='' GOPROXY=off CGO_ENABLED=0
export TMPDIR=$work_dir/tmp
cd "$tree"

# kube-apiserver does not compile without the generated OpenAPI definitions.
echo 'generating code (about a minute)'
if ! make generated_files >"$work_dir/generate.log" 2>&1; then
  tail -n 40 "$work_dir/generate.log" >&2
  exit 1
fi

IFS=. read -r major minor _ <<<"${git_version#v}"
flags='-s -w'
for package in k8s.io/kubernetes/vendor/k8s.io/component-base/version k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$git_version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
  flags+=" -X $package.gitTreeState=clean"
done

targets=("${commands[@]/#/./cmd/}")
total=$(go list -deps "${targets[@]}" | wc -l)
# `go build -v` names each package as it is compiled; whatever else it prints is an error message.
go build -v -trimpath -ldflags "$flags" -o "$out_dir" "${targets[@]}" 2>&1 | awk -v total="$total" '
  /^[A-Za-z0-9_.\/-]+$/ { if (++done % 50 == 0) { print "compiling: " done " of " total " packages"; fflush() } next }
  { print > "/dev/stderr" }'
echo 'linked'
