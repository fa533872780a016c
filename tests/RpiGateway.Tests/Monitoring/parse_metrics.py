"""Reads a Prometheus text exposition with Prometheus's own parser; prints each sample as a line: type, name, labels as JSON, value."""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if not name.startswith("otel_")}
        print(family.type, sample.name, json.dumps(labels, sort_keys=True), sample.value, sep="\t")
