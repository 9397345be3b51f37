package dev.weft.node.chaos;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What was acknowledged, and so has to be there, and nothing else.
 *
 * @param pods by name
 * @param links by uid
 * @param routes devices of injected routes by node and destination, {@code 1 10.61.0.0/16}
 * @param connections pods that have one to the service, by request id
 * @param plugged whether meshnet's plugin has joined its two pods
 */
record World(
    SortedMap<String, Place> pods,
    SortedMap<Integer, Tie> links,
    SortedMap<String, String> routes,
    SortedMap<String, String> connections,
    boolean plugged) {

  /**
   * Where a pod is.
   *
   * @param node its number
   * @param netns one of the pod's namespaces, a or b
   * @param addressed whether it has an address of its node's subnet
   */
  record Place(int node, String netns, boolean addressed) {}

  /**
   * A link between two pods; its interfaces are called e and its uid.
   *
   * @param kind as asked for, empty for none
   * @param fromFile whether topologies describe it, not {@code POST /api/v1/wires}
   */
  record Tie(String a, String b, String kind, boolean fromFile) {
    boolean joins(String pod) {
      return a.equals(pod) || b.equals(pod);
    }
  }

  static World empty() {
    return new World(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), false);
  }

  private World copy() {
    return withPlug(plugged);
  }

  World withPlug(boolean now) {
    return new World(
        new TreeMap<>(pods),
        new TreeMap<>(links),
        new TreeMap<>(routes),
        new TreeMap<>(connections),
        now);
  }

  /** A pod that moves loses its connections, and its address too if it goes to another node. */
  World withPod(String pod, int node, String netns, boolean address) {
    World next = copy();
    Place old = pods.get(pod);
    boolean keeps = old != null && old.node() == node && old.addressed();
    if (old == null || old.node() != node || !old.netns().equals(netns)) {
      next.connections.values().removeIf(pod::equals);
    }
    next.pods.put(pod, new Place(node, netns, address || keeps));
    return next;
  }

  World withoutPod(String pod) {
    World next = copy();
    next.pods.remove(pod);
    next.connections.values().removeIf(pod::equals);
    return next;
  }

  World withLink(int uid, Tie tie) {
    World next = copy();
    next.links.put(uid, tie);
    return next;
  }

  World withoutLink(int uid) {
    World next = copy();
    next.links.remove(uid);
    return next;
  }

  World withRoute(int node, String destination, String device) {
    World next = copy();
    next.routes.put(node + " " + destination, device);
    return next;
  }

  World withoutRoute(int node, String destination) {
    World next = copy();
    next.routes.remove(node + " " + destination);
    return next;
  }

  World withConnection(String request, String pod) {
    World next = copy();
    next.connections.put(request, pod);
    return next;
  }

  World withoutConnection(String request) {
    World next = copy();
    next.connections.remove(request);
    return next;
  }

  /** The pod in a namespace; null for none. */
  String podIn(String pod, String netns) {
    Place place = pods.get(pod);
    return place != null && place.netns().equals(netns) ? pod : null;
  }

  /** Whether both pods of a link are registered. */
  boolean isWhole(Tie tie) {
    return pods.containsKey(tie.a()) && pods.containsKey(tie.b());
  }
}
