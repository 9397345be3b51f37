package dev.weft.topology;

import dev.weft.bus.Fault;
import dev.weft.pod.PodRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A file of meshnet's Topology objects, in YAML or JSON.
 *
 * @param topologies in the order of the file, one per pod
 * @param pods every pod that the file names by an object: Topology, Pod, StatefulSet
 * @param contradictions where the two sides of a link differ, one sentence each; no fault of the
 *     file, the links are kept and not joined
 */
public record TopologyFile(
    List<Topology> topologies, SortedSet<PodRef> pods, List<String> contradictions) {
  /** Topology objects in one file, and in the cluster. */
  public static final int MAX_TOPOLOGIES = 10_000;

  /** Links in one file, and in the cluster. */
  public static final int MAX_LINKS = 20_000;

  private static final int MAX_REPLICAS = 10_000;

  public TopologyFile {
    topologies = List.copyOf(topologies);
    pods = Collections.unmodifiableSortedSet(new TreeSet<>(pods));
    contradictions = List.copyOf(contradictions);
  }

  /**
   * Reads one document, several, or a {@code List}. Objects of other kinds are passed over, Pods
   * and StatefulSets are read for their names.
   *
   * @param source the file's name, for messages
   * @throws dev.weft.bus.WeftException INVALID, with every fault on a line of its own: source,
   *     line, path, value, what was expected
   */
  public static TopologyFile parse(String text, String source) {
    Reading reading = new Reading(source, text);
    List<Object> documents = Documents.read(text, source);
    if (documents.isEmpty()) {
      throw Fault.INVALID.because(source + ": empty (expected: Topology objects)");
    }
    for (int i = 0; i < documents.size(); i++) {
      String path = documents.size() == 1 ? "" : "documents[" + i + "]";
      reading.onDocument(new DocumentNode(path, documents.get(i), reading.faults));
    }
    return reading.finish();
  }

  /** What has been read of one file. */
  private static final class Reading {
    private final DocumentProblems faults;
    private final List<Topology> topologies = new ArrayList<>();
    private final SortedSet<PodRef> pods = new TreeSet<>();
    private final Map<PodRef, String> paths = new HashMap<>();
    private int objects;
    private int links;

    Reading(String source, String text) {
      faults = new DocumentProblems(source, text);
    }

    void onDocument(DocumentNode document) {
      if (!document.isObject("an object with a kind: Topology or List")) {
        return;
      }
      String kind = document.at("kind").text();
      if (!"List".equals(kind) && !"TopologyList".equals(kind)) {
        onObject(document);
        return;
      }
      for (DocumentNode item : document.at("items").items()) {
        if (item.isObject("an object with a kind: Topology")) {
          onObject(item);
        }
      }
    }

    private void onObject(DocumentNode object) {
      DocumentNode kind = object.at("kind");
      if (kind.value() == null || "List".equals(kind.value())) {
        kind.wrong("Topology, Pod or another kind of object");
        return;
      }
      String name = kind.text();
      if (TopologyObject.KIND.equals(name)) {
        onTopology(object);
      } else if ("Pod".equals(name)) {
        PodRef pod = TopologyObject.podOf(object);
        if (pod != null) {
          pods.add(pod);
        }
      } else if ("StatefulSet".equals(name)) {
        onStatefulSet(object);
      }
    }

    private void onTopology(DocumentNode object) {
      objects++;
      links += object.at("spec").at("links").value() instanceof List<?> list ? list.size() : 0;
      if (objects > MAX_TOPOLOGIES || links > MAX_LINKS) {
        return;
      }
      Topology topology = TopologyObject.read(object);
      if (topology == null) {
        return;
      }
      String first = paths.putIfAbsent(topology.pod(), object.path());
      if (first != null) {
        object
            .faults()
            .add(
                object.path(),
                "second Topology of pod " + topology.pod() + "; " + first + " is one");
        return;
      }
      topologies.add(topology);
      pods.add(topology.pod());
    }

    private void onStatefulSet(DocumentNode object) {
      PodRef set = TopologyObject.podOf(object);
      DocumentNode replicas = object.at("spec").at("replicas");
      Long count = replicas.value() == null ? Long.valueOf(1) : replicas.number(0, MAX_REPLICAS);
      if (set == null || count == null) {
        return;
      }
      for (int i = 0; i < count; i++) {
        PodRef pod = LinkFields.pod(object.at("metadata"), set.ns(), set.name() + "-" + i);
        if (pod != null) {
          pods.add(pod);
        }
      }
    }

    TopologyFile finish() {
      checkLimit("Topology objects", objects, MAX_TOPOLOGIES);
      checkLimit("links", links, MAX_LINKS);
      if (objects == 0 && faults.count() == 0) {
        faults.add(
            "", "no Topology object (expected: one per pod, apiVersion networkop.co.uk/v1beta1)");
      }
      faults.throwIfAny();
      return new TopologyFile(topologies, pods, new Descriptions(topologies).contradictions());
    }

    private void checkLimit(String what, int count, int limit) {
      if (count > limit) {
        faults.add("", count + " " + what + " (expected: " + limit + " at most)");
      }
    }
  }
}
