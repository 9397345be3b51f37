package dev.weft.topology;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.CommonTable;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's table of topologies ({@code ns/pod}), single links ({@code ~link/<wire id>}: no
 * namespace begins with a tilde), and links that are cut ({@code ~cut/<wire id>}). A row that
 * cannot be used, as one of a newer version, is passed over and logged once.
 */
final class TopologyTable {
  private static final Logger log = LoggerFactory.getLogger(TopologyTable.class);
  private static final String LINK = "~link/";
  private static final String CUT = "~cut/";

  private final CommonTable table;
  private Map<String, Row> rows = new HashMap<>();

  /** What a row's text was read as, so that an unchanged row is read once. */
  private record Row(String json, Topology topology, SingleLink link) {}

  TopologyTable(CommonTable table) {
    this.table = table;
  }

  void onChange(Runnable listener) {
    table.onChange(listener);
  }

  TopologySnapshot read() {
    Map<String, Row> now = new HashMap<>();
    SortedMap<PodRef, Topology> topologies = new TreeMap<>();
    SortedMap<String, SingleLink> links = new TreeMap<>();
    SortedSet<String> cut = new TreeSet<>();
    table
        .rows()
        .forEach(
            (key, json) -> {
              if (key.startsWith(CUT)) {
                cut.add(key.substring(CUT.length()));
                return;
              }
              Row known = rows.get(key);
              Row row = known != null && known.json.equals(json) ? known : parse(key, json);
              now.put(key, row);
              if (row.topology != null) {
                topologies.put(row.topology.pod(), row.topology);
              } else if (row.link != null) {
                links.put(key.substring(LINK.length()), row.link);
              }
            });
    rows = now;
    return new TopologySnapshot(topologies, links, cut);
  }

  Future<Void> putTopologies(Collection<Topology> topologies) {
    Function<Topology, String> key = topology -> topology.pod().toString();
    return table.write(topologies.stream().collect(Collectors.toMap(key, Json::write)), Set.of());
  }

  Future<Void> removeTopology(PodRef pod) {
    return table.write(Map.of(), Set.of(pod.toString()));
  }

  Future<Void> putLink(String wire, SingleLink link) {
    return table.write(Map.of(LINK + wire, Json.write(link)), Set.of());
  }

  Future<Void> removeLink(String wire) {
    return table.write(Map.of(), Set.of(LINK + wire));
  }

  Future<Void> cut(String wire) {
    return table.write(Map.of(CUT + wire, "{}"), Set.of());
  }

  Future<Void> mend(Collection<String> wires) {
    return wires.isEmpty()
        ? Future.succeededFuture()
        : table.write(Map.of(), wires.stream().map(CUT::concat).collect(Collectors.toSet()));
  }

  private static Row parse(String key, String json) {
    DocumentProblems faults = new DocumentProblems();
    try {
      if (key.startsWith(LINK)) {
        SingleLink link = Json.read(json, SingleLink.class);
        SingleLinkObject.check(link, faults);
        faults.throwIfAny();
        checkKey(key, LINK + LinkDescription.of(link).id());
        return new Row(json, null, link);
      }
      Topology topology = Json.read(json, Topology.class);
      TopologyObject.read(new DocumentNode("", TopologyObject.write(topology), faults));
      faults.throwIfAny();
      checkKey(key, topology.pod().toString());
      return new Row(json, topology, null);
    } catch (WeftException e) {
      log.warn("row {} is not used: {}", key, e.getMessage());
      return new Row(json, null, null);
    }
  }

  private static void checkKey(String key, String expected) {
    if (!key.equals(expected)) {
      throw Fault.invalid("key", key, expected);
    }
  }
}
