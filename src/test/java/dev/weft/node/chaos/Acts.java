package dev.weft.node.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.node.chaos.Act.Answer;
import dev.weft.node.chaos.World.Place;
import dev.weft.node.chaos.World.Tie;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Requests at random, over each of the ways by which programs ask. */
final class Acts {
  private static final int LINKS = 8;

  private final ChaosLab lab;
  private final Random random;
  private int requests;

  Acts(ChaosLab lab, Random random) {
    this.lab = lab;
    this.random = random;
  }

  /**
   * One that the world allows.
   *
   * @param to the nodes that are asked
   * @param locked what may not be touched
   */
  Act next(World world, List<Integer> to, Set<String> locked) {
    while (true) {
      Optional<Act> act = Optional.ofNullable(any(world, to));
      if (act.isPresent() && act.get().touches().stream().noneMatch(locked::contains)) {
        return act.get();
      }
    }
  }

  private Act any(World world, List<Integer> to) {
    int node = to.get(random.nextInt(to.size()));
    return switch (random.nextInt(13)) {
      case 0, 1, 2 -> registerPod(world, node);
      case 3 -> removePod(world, node);
      case 4, 5 -> addLink(world, node);
      case 6 -> removeLink(world, node);
      case 7 -> route(node);
      case 8, 9, 10 -> connect(world, node);
      case 11 -> plug(world, to);
      default -> disconnect(world, node);
    };
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private Act registerPod(World world, int node) {
    String pod = one(ChaosLab.PODS);
    Place old = world.pods().get(pod);
    // Mostly where nobody is yet, or somewhere else.
    int at = old == null || random.nextBoolean() ? node : old.node();
    if (at != node) {
      return null;
    }
    String netns = one(ChaosLab.NAMESPACES);
    boolean address = random.nextBoolean();
    String body =
        "{\"netns\":\"%s\"%s}"
            .formatted(lab.netns(pod, netns).name(), address ? ",\"address\":\"auto\"" : "");
    return new Act(
        "n%d: register %s in %s%s".formatted(node, pod, netns, address ? " with address" : ""),
        Set.of(pod),
        w -> w.withPod(pod, node, netns, address),
        w -> w.withPod(pod, node, netns, false),
        () -> lab.ask(node, "PUT", "/api/v1/pods/default/" + pod, body));
  }

  private Act removePod(World world, int node) {
    List<String> here =
        world.pods().keySet().stream().filter(p -> world.pods().get(p).node() == node).toList();
    if (here.isEmpty()) {
      return null;
    }
    String pod = one(here);
    return new Act(
        "n%d: remove %s".formatted(node, pod),
        Set.of(pod),
        w -> w.withoutPod(pod),
        () -> lab.ask(node, "DELETE", "/api/v1/pods/default/" + pod, ""));
  }

  private Act addLink(World world, int node) {
    int uid = 1 + random.nextInt(LINKS);
    String a = one(ChaosLab.PODS);
    String b = one(ChaosLab.PODS);
    boolean fromFile = random.nextInt(3) == 0;
    if (a.equals(b) || world.links().containsKey(uid)) {
      return null;
    }
    if (fromFile) {
      Tie tie = new Tie(a, b, "", true);
      return file(
          "n%d: link %d between %s and %s, by a file",
          node, world.withLink(uid, tie), uid, tie, w -> w.withLink(uid, tie));
    }
    Tie tie = new Tie(a, b, "", false);
    String body =
        """
        {"uid": %1$d, "a": {"pod": "%2$s", "intf": "e%1$d", "address": "12.0.%1$d.1/24"},
         "b": {"pod": "%3$s", "intf": "e%1$d", "address": "12.0.%1$d.2/24"}}
        """
            .formatted(uid, a, b);
    return new Act(
        "n%d: link %d between %s and %s".formatted(node, uid, a, b),
        Set.of("link " + uid),
        w -> w.withLink(uid, tie),
        () -> lab.ask(node, "POST", "/api/v1/wires", body));
  }

  private Act removeLink(World world, int node) {
    if (world.links().isEmpty()) {
      return null;
    }
    int uid = one(List.copyOf(world.links().keySet()));
    Tie tie = world.links().get(uid);
    if (tie.fromFile()) {
      return file(
          "n%d: no link %d between %s and %s, by a file",
          node, world.withoutLink(uid), uid, tie, w -> w.withoutLink(uid));
    }
    return new Act(
        "n%d: remove link %d".formatted(node, uid),
        Set.of("link " + uid),
        w -> w.withoutLink(uid),
        () -> removeWire(node, uid));
  }

  /** By its wire's id, which any node shows. */
  private Answer removeWire(int node, int uid) throws Exception {
    for (JsonNode link : lab.list(node, "/api/v1/links")) {
      if (link.path("uid").asInt() == uid) {
        return lab.ask(node, "DELETE", "/api/v1/wires/" + link.path("wire").asText(), "");
      }
    }
    return new Answer(Act.Outcome.REFUSED, "n" + node + " does not show link " + uid);
  }

  /** Both pods' topologies as they are to be. */
  private Act file(
      String text, int node, World next, int uid, Tie tie, UnaryOperator<World> effect) {
    String body = topology(next, tie.a()) + "---\n" + topology(next, tie.b());
    return new Act(
        text.formatted(node, uid, tie.a(), tie.b()),
        Set.of("link " + uid, "file " + tie.a(), "file " + tie.b()),
        effect,
        () -> lab.ask(node, "POST", "/api/v1/topologies", body));
  }

  private static String topology(World world, String pod) {
    String links =
        world.links().entrySet().stream()
            .filter(e -> e.getValue().fromFile() && e.getValue().joins(pod))
            .map(e -> link(e, pod))
            .collect(Collectors.joining(", "));
    return """
    apiVersion: networkop.co.uk/v1beta1
    kind: Topology
    metadata: { name: %s }
    spec: { links: [%s] }
    """
        .formatted(pod, links);
  }

  private static String link(Map.Entry<Integer, Tie> entry, String pod) {
    Tie tie = entry.getValue();
    boolean first = tie.a().equals(pod);
    return "{ uid: %1$d, peer_pod: %2$s, local_intf: e%1$d, peer_intf: e%1$d, local_ip: 12.0.%1$d.%3$d/24, peer_ip: 12.0.%1$d.%4$d/24 }"
        .formatted(entry.getKey(), first ? tie.b() : tie.a(), first ? 1 : 2, first ? 2 : 1);
  }

  private Act route(int node) {
    String destination = "10.6%d.0.0/16".formatted(random.nextInt(4));
    boolean add = random.nextBoolean();
    boolean http = random.nextBoolean();
    String way = http ? "" : ", by Quilt";
    Set<String> touches = Set.of("route " + node + " " + destination);
    if (add) {
      return new Act(
          "n%d: route to %s%s".formatted(node, destination, way),
          touches,
          w -> w.withRoute(node, destination, "eth0"),
          () ->
              http
                  ? lab.ask(
                      node,
                      "PUT",
                      "/api/v1/routes",
                      "{\"destination\":\"%s\",\"via\":\"eth0\"}".formatted(destination))
                  : lab.quilt(node, "InjectRoute", destination, "eth0"));
    }
    return new Act(
        "n%d: no route to %s%s".formatted(node, destination, way),
        touches,
        w -> w.withoutRoute(node, destination),
        () ->
            http
                ? lab.ask(
                    node,
                    "DELETE",
                    "/api/v1/routes?destination=" + destination.replace("/", "%2F"),
                    "")
                : lab.quilt(node, "RemoveRoute", destination));
  }

  private Act plug(World world, List<Integer> to) {
    boolean add = !world.plugged();
    if (!to.containsAll(ChaosLab.PLUGGED.keySet())) {
      return null;
    }
    return new Act(
        "meshnet's plugin " + (add ? "joins" : "parts") + " its pods",
        Set.of("plug"),
        w -> w.withPlug(add),
        () -> lab.plug(add ? "add" : "delete"));
  }

  private Act connect(World world, int node) {
    List<String> here =
        world.pods().keySet().stream().filter(p -> world.pods().get(p).node() == node).toList();
    if (here.isEmpty() || world.connections().size() > 5) {
      return null;
    }
    String pod = one(here);
    String request = "r" + ++requests;
    boolean http = random.nextBoolean();
    String body =
        "{\"pod\":\"%s\",\"service\":\"echo\",\"requestId\":\"%s\"}".formatted(pod, request);
    return new Act(
        "n%d: connect %s as %s%s".formatted(node, pod, request, http ? "" : ", on its socket"),
        Set.of(pod, request),
        w -> w.withConnection(request, pod),
        () ->
            http
                ? lab.ask(node, "POST", "/api/v1/connections", body)
                : lab.nsm(
                    node, pod, lab.netns(pod, world.pods().get(pod).netns()), "request", request));
  }

  private Act disconnect(World world, int node) {
    List<String> here =
        world.connections().keySet().stream()
            .filter(r -> world.pods().get(world.connections().get(r)).node() == node)
            .toList();
    if (here.isEmpty()) {
      return null;
    }
    String request = one(here);
    String pod = world.connections().get(request);
    boolean http = random.nextBoolean();
    return new Act(
        "n%d: close %s of %s%s".formatted(node, request, pod, http ? "" : ", on its socket"),
        Set.of(pod, request),
        w -> w.withoutConnection(request),
        () -> {
          for (JsonNode connection : lab.list(node, "/api/v1/connections")) {
            if (connection.path("requestId").asText().equals(request)) {
              String id = connection.path("id").asText();
              return http
                  ? lab.ask(node, "DELETE", "/api/v1/connections/" + id, "")
                  : lab.nsm(node, pod, lab.netns(pod, world.pods().get(pod).netns()), "close", id);
            }
          }
          return new Answer(Act.Outcome.REFUSED, "n" + node + " does not show " + request);
        });
  }
}
