#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The images that tests/bench/image.sh measures with, from layers as plain tar files.

image-make.py docker FILE LAYER...	a docker-archive, with the layers as they are
image-make.py layout DIR LAYER...	an OCI layout, with the layers as gzip -6 makes them
image-make.py archive FILE DIR		that layout as an oci-archive
image-make.py many DIR LAYER N		a layout of N images, which share one layer
"""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

CHUNK = 1 << 20


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def config_of(diff_ids, **more):
    return json.dumps({
        "architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z",
        "config": {"Cmd": ["/bin/true"], "Env": ["PATH=/usr/bin:/bin"], **more},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + d for d in diff_ids]},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "layer %d" % n}
                    for n, _ in enumerate(diff_ids)],
    }).encode()


def add_text(archive, name, text):
    member = tarfile.TarInfo(name)
    member.size = len(text)
    archive.addfile(member, io.BytesIO(text))


def docker(path, *layers):
    diff_ids = [sha256_of(layer) for layer in layers]
    config = config_of(diff_ids)
    name = hashlib.sha256(config).hexdigest() + ".json"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for diff_id, layer in zip(diff_ids, layers):
            archive.add(layer, diff_id + ".tar")
        add_text(archive, name, config)
        add_text(archive, "manifest.json", json.dumps([{
            "Config": name, "RepoTags": ["localhost/bench:1"],
            "Layers": [d + ".tar" for d in diff_ids]}]).encode())


class Layout:
    """A directory with blobs, an index at the end."""

    def __init__(self, path):
        self.path = path
        self.blobs = os.path.join(path, "blobs", "sha256")
        self.manifests = []
        os.makedirs(self.blobs)

    def add(self, data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.blobs, digest), "wb") as file:
            file.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    def add_layer(self, layer):
        temp = os.path.join(self.path, "temp")
        with open(temp, "wb") as out:
            subprocess.run(["gzip", "-n", "-6", "-c", layer], stdout=out, check=True)
        digest = sha256_of(temp)
        size = os.path.getsize(temp)
        os.rename(temp, os.path.join(self.blobs, digest))
        return {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": "sha256:" + digest, "size": size}

    def add_image(self, name, config, layers):
        described = {"mediaType": "application/vnd.oci.image.config.v1+json", **self.add(config)}
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": described, "layers": layers}).encode()
        self.manifests.append({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", **self.add(manifest),
            "annotations": {"org.opencontainers.image.ref.name": name}})

    def finish(self):
        with open(os.path.join(self.path, "oci-layout"), "w", encoding="ascii") as file:
            file.write('{"imageLayoutVersion": "1.0.0"}')
        with open(os.path.join(self.path, "index.json"), "w", encoding="ascii") as file:
            json.dump({"schemaVersion": 2, "manifests": self.manifests}, file)


def layout(path, *layers):
    out = Layout(path)
    described = [out.add_layer(layer) for layer in layers]
    out.add_image("localhost/bench:1", config_of([sha256_of(layer) for layer in layers]),
                  described)
    out.finish()


def archive(path, directory):
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as out:
        for name in sorted(os.listdir(directory)):
            out.add(os.path.join(directory, name), name)


def many(path, layer, n):
    out = Layout(path)
    described = [out.add_layer(layer)]
    diff_ids = [sha256_of(layer)]
    for i in range(int(n)):
        out.add_image("many-%d:1" % i, config_of(diff_ids, Labels={"n": str(i)}), described)
    out.finish()


{"docker": docker, "layout": layout, "archive": archive, "many": many}[sys.argv[1]](*sys.argv[2:])
