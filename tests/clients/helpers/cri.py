#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cri.py SOCKET REQUESTS ANSWERS: a client of Kubernetes' runtime interface, as the kubelet
is one, over gRPC to the unix socket SOCKET.

Reads lines "METHOD JSON" from the fifo REQUESTS and writes one line of JSON to the fifo
ANSWERS for each: the response, or {"error": ..., "code": ...}. METHOD is one of the
services RuntimeService and ImageService; "Stream" follows the URL that Exec or Attach
answered ({"url": ..., "input": ..., "stop": the output to wait for}) over a WebSocket and
answers {"stdout": ..., "stderr": ..., "status": ...}. Works until
it is killed.

cri.py --probe RATE SECONDS SOCKET CONTAINER: RATE times a second runs "true" in CONTAINER, as
the kubelet's exec probes do, for so long; prints how many were answered of how many, and
their mean and longest time in milliseconds. No more than ten wait for an answer at a time:
a runtime that cannot keep up answers fewer. Fails when one that was begun failed.

The protocol is read from the server's own program, which carries its description.
"""
import concurrent.futures
import json
import os
import re
import sys
import time
import zlib

import grpc
import websocket
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

SERVER = "/usr/bin/containerd"
PACKAGE = "runtime.v1"
STDOUT, STDERR, STATUS = 1, 2, 3  # channels of v4.channel.k8s.io


def describe(program):
    """The services of PACKAGE, from the compressed description in a Go program."""
    with open(program, "rb") as file:
        data = file.read()
    for match in re.finditer(b"\x1f\x8b\x08", data):
        try:
            text = zlib.decompressobj(31).decompress(data[match.start() : match.start() + (1 << 17)])
            file = descriptor_pb2.FileDescriptorProto.FromString(text)
        except Exception:  # other bytes that look like a beginning
            continue
        if file.package == PACKAGE:
            del file.dependency[:]  # options of its Go code
            file.syntax = "proto3"
            return file
    raise SystemExit(f"{program} has no description of {PACKAGE}")


class Client:
    def __init__(self, socket):
        self.channel = grpc.insecure_channel("unix://" + socket)
        pool = descriptor_pool.DescriptorPool()
        file = pool.AddSerializedFile(describe(SERVER).SerializeToString()) or pool.FindFileByName(
            "api.proto"
        )
        self.classes = message_factory.MessageFactory(pool)
        self.methods = {
            method.name: method
            for service in file.services_by_name.values()
            for method in service.methods
        }

    def call(self, name, text):
        method = self.methods[name]
        request = self.classes.GetPrototype(method.input_type)
        answer = self.classes.GetPrototype(method.output_type)
        call = self.channel.unary_unary(
            f"/{method.containing_service.full_name}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        response = call(json_format.Parse(text, request()), timeout=120)
        return json_format.MessageToDict(response, including_default_value_fields=True)


def stream(url, input=None, stop=None):
    """What a container wrote until it ended, or had written the text STOP."""
    output = {STDOUT: b"", STDERR: b"", STATUS: b""}
    socket = websocket.create_connection(
        url.replace("http:", "ws:"), subprotocols=["v4.channel.k8s.io"], timeout=60
    )
    if input is not None:
        socket.send_binary(b"\0" + input.encode())
    while not output[STATUS] and not (stop and stop.encode() in output[STDOUT]):
        try:
            data = socket.recv()
        except websocket.WebSocketConnectionClosedException:
            break
        if data and data[0] in output:
            output[data[0]] += data[1:]
    socket.close()
    return {
        "stdout": output[STDOUT].decode(),
        "stderr": output[STDERR].decode(),
        "status": json.loads(output[STATUS] or "{}"),
    }


def answer(client, line):
    method, _, text = line.partition(" ")
    try:
        if method == "Stream":
            return stream(**json.loads(text))
        return client.call(method, text or "{}")
    except grpc.RpcError as error:
        return {"error": error.details(), "code": error.code().name}
    except Exception as error:
        return {"error": repr(error), "code": "CLIENT"}


def probe(rate, seconds, socket, container):
    client = Client(socket)
    request = json.dumps({"container_id": container, "cmd": ["true"], "timeout": 60})

    def once():
        begin = time.monotonic()
        ended = client.call("ExecSync", request)["exitCode"] == 0
        return time.monotonic() - begin if ended else None

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=10)
    begin = time.monotonic()
    probes = []
    for number in range(rate * seconds):
        time.sleep(max(0, begin + number / rate - time.monotonic()))
        probes.append(pool.submit(once))
    concurrent.futures.wait(probes[-1:], timeout=1)
    pool.shutdown(cancel_futures=True)
    begun = [p for p in probes if not p.cancelled()]
    times = [p.result() for p in begun if not p.exception() and p.result()]
    print(f" {len(times)}/{len(probes)}", end="")
    if times:
        print(f" {sum(times) / len(times) * 1000:.0f} {max(times) * 1000:.0f}", end="")
    return len(times) == len(begun)


def main():
    if sys.argv[1] == "--probe":
        sys.exit(not probe(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]))
    client = Client(sys.argv[1])
    # Open for both: neither end is ever the last one.
    with open(os.open(sys.argv[2], os.O_RDWR)) as requests, open(
        os.open(sys.argv[3], os.O_RDWR), "w"
    ) as answers:
        for line in requests:
            print(json.dumps(answer(client, line.strip())), file=answers, flush=True)


main()
