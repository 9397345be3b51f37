package dev.weft.topology;

import dev.weft.pod.PodRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Meshnet's {@code Topology} object: the one place where it is read and checked. */
final class TopologyObject {
  static final String KIND = "Topology";

  private static final String API_GROUP = "networkop.co.uk/";
  private static final List<String> LINK_KEYS =
      List.of(
          "uid",
          "peer_pod",
          "local_intf",
          "peer_intf",
          "local_ip",
          "peer_ip",
          "local_mac",
          "peer_mac",
          "local_name",
          "peer_name",
          "local_nic",
          "peer_nic",
          "mtu",
          "kind",
          "open");

  private TopologyObject() {}

  /** Null if anything is wrong with it; what it is stands in the node's faults. */
  static Topology read(DocumentNode object) {
    int before = object.faults().count();
    String version = object.at("apiVersion").text();
    if (version != null && !version.startsWith(API_GROUP)) {
      object.at("apiVersion").wrong(API_GROUP + "v1beta1");
    }
    PodRef pod = podOf(object);
    DocumentNode spec = object.at("spec");
    List<TopologyLink> links = new ArrayList<>();
    if (spec.isObject("an object with links")) {
      if (!spec.has("links")) {
        spec.at("links").wrong("a list of links");
      }
      List<DocumentNode> nodes = spec.at("links").items();
      nodes.forEach(node -> links.add(readLink(node)));
      checkTogether(pod, nodes, links);
    }
    return object.faults().count() == before ? new Topology(pod, links) : null;
  }

  /** The pod that an object's metadata name, null and a fault if they name none. */
  static PodRef podOf(DocumentNode object) {
    DocumentNode metadata = object.at("metadata");
    if (!metadata.isObject("an object with a name")) {
      return null;
    }
    DocumentNode ns = metadata.at("namespace");
    String namespace = ns.value() == null ? PodRef.DEFAULT_NAMESPACE : ns.text();
    DocumentNode name = metadata.at("name");
    if (name.value() == null) {
      name.wrong("a pod's name");
    }
    String text = name.text();
    return namespace == null || text == null ? null : LinkFields.pod(metadata, namespace, text);
  }

  /** The object again, as {@link #read} takes it. */
  static Map<String, Object> write(Topology topology) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    if (topology.pod() != null) {
      metadata.put("name", topology.pod().name());
      metadata.put("namespace", topology.pod().ns());
    }
    List<Map<String, Object>> links = topology.links().stream().map(TopologyObject::write).toList();
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("apiVersion", API_GROUP + "v1beta1");
    object.put("kind", KIND);
    object.put("metadata", metadata);
    object.put("spec", Map.of("links", links));
    return object;
  }

  private static Map<String, Object> write(TopologyLink link) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("uid", link.uid());
    object.put("peer_pod", link.peerPod());
    object.put("local_intf", link.localIntf());
    object.put("peer_intf", link.peerIntf());
    object.put("local_ip", link.localIp());
    object.put("peer_ip", link.peerIp());
    object.put("local_mac", link.localMac());
    object.put("peer_mac", link.peerMac());
    object.put("local_name", link.localName());
    object.put("peer_name", link.peerName());
    object.put("local_nic", link.localNic());
    object.put("peer_nic", link.peerNic());
    object.put("mtu", link.mtu());
    object.put("kind", link.kind());
    object.put("open", link.open());
    return object;
  }

  private static TopologyLink readLink(DocumentNode node) {
    int before = node.faults().count();
    if (!node.isObject("a link")) {
      return null;
    }
    for (String key : node.unknownKeys(LINK_KEYS)) {
      node.faults().add(node.path(), "unknown key " + key + " (expected: " + LINK_KEYS + ")");
    }
    Long uid = LinkFields.uid(node.at("uid"));
    String peerPod = LinkFields.podName(node.at("peer_pod"));
    String localIntf = LinkFields.intf(node.at("local_intf"));
    String peerIntf = LinkFields.intf(node.at("peer_intf"));
    String localIp = LinkFields.address(node.at("local_ip"));
    String peerIp = LinkFields.address(node.at("peer_ip"));
    String localMac = LinkFields.mac(node.at("local_mac"));
    String peerMac = LinkFields.mac(node.at("peer_mac"));
    LinkFields.checkMacs(localMac, node.at("peer_mac"), peerMac);
    String localName = LinkFields.name(node.at("local_name"));
    String peerName = LinkFields.name(node.at("peer_name"));
    String localNic = nic(node, "local");
    String peerNic = nic(node, "peer");
    LinkFields.checkUnderlay(localNic, node.at("peer_nic"), peerNic);
    Integer mtu = LinkFields.mtu(node.at("mtu"));
    String kind = LinkFields.kind(node.at("kind"));
    Boolean open = LinkFields.open(node.at("open"));
    return node.faults().count() == before
        ? new TopologyLink(
            uid, peerPod, localIntf, peerIntf, localIp, peerIp, localMac, peerMac, localName,
            peerName, localNic, peerNic, mtu, kind, open)
        : null;
  }

  private static String nic(DocumentNode link, String end) {
    String nic = LinkFields.nic(link.at(end + "_nic"));
    LinkFields.checkUntouched(
        nic, link.at(end + "_ip"), link.at(end + "_mac"), link.at(end + "_name"));
    return nic;
  }

  /** What the links of one pod may not have in common. A null link has its faults already. */
  private static void checkTogether(
      PodRef pod, List<DocumentNode> nodes, List<TopologyLink> links) {
    Map<String, Integer> interfaces = new HashMap<>();
    Map<Long, List<Integer>> uids = new HashMap<>();
    for (int i = 0; i < links.size(); i++) {
      TopologyLink link = links.get(i);
      if (link == null) {
        continue;
      }
      Integer first = interfaces.putIfAbsent(link.localIntf(), i);
      if (first != null) {
        nodes.get(i).at("local_intf").wrong("an interface of its own; links[" + first + "] has it");
      }
      if (isLoop(pod, link) && link.localIntf().equals(link.peerIntf())) {
        nodes
            .get(i)
            .at("peer_intf")
            .wrong("another interface than local_intf: both are in one pod");
      }
      List<Integer> same = uids.computeIfAbsent(link.uid(), uid -> new ArrayList<>());
      same.add(i);
      if (same.size() > 1) {
        checkSameUid(pod, nodes.get(i), links, same);
      }
    }
  }

  private static void checkSameUid(
      PodRef pod, DocumentNode node, List<TopologyLink> links, List<Integer> indexes) {
    TopologyLink first = links.get(indexes.get(0));
    TopologyLink last = links.get(indexes.get(indexes.size() - 1));
    boolean loop = isLoop(pod, first) && isLoop(pod, last);
    boolean reverse =
        first.localIntf().equals(last.peerIntf()) && first.peerIntf().equals(last.localIntf());
    if (loop && reverse && indexes.size() == 2) {
      return;
    }
    String other = "links[" + indexes.get(0) + "]";
    node.at("uid")
        .wrong(
            loop
                ? "the reverse of " + other + ", once, in a loop to the same pod"
                : "a number of its own; " + other + " has it");
  }

  private static boolean isLoop(PodRef pod, TopologyLink link) {
    return pod != null && link.peerPod().equals(pod.name());
  }
}
