package dev.weft.testkit;

import dev.weft.identity.CertificateAuthority;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Node processes in a {@link NatLab}: members of one cluster on the public network, and nodes
 * behind routers, which link to these members and know nobody else.
 */
public final class LabNodes implements AutoCloseable {
  private static final int PORT = 7654;

  private final Path directory;
  private final CertificateAuthority ca;
  private final NatLab lab;
  private final List<NatLab.Host> places = new ArrayList<>();
  private final List<NodeProcess> members = new ArrayList<>();
  private final List<NodeProcess> behind = new ArrayList<>();

  private LabNodes(Path directory, NatLab lab) {
    this.directory = directory;
    this.lab = lab;
    this.ca = CertificateAuthority.create(directory.resolve("ca"), "test", 31, Clock.systemUTC());
  }

  /**
   * A lab with members m1, m2 and so on, which are ready when this returns.
   *
   * @param more lines of each member's weft.yaml, all but its mesh section's listen
   */
  public static LabNodes start(Path directory, int members, String more) throws Exception {
    LabNodes nodes = new LabNodes(directory, NatLab.create());
    try {
      for (int number = 1; number <= members; number++) {
        nodes.places.add(nodes.lab.host("m" + number));
      }
      for (int number = 1; number <= members; number++) {
        nodes.members.add(nodes.member(number, more));
      }
      for (NodeProcess member : nodes.members) {
        member.start();
      }
      nodes.members.forEach(NodeProcess::awaitReady);
      return nodes;
    } catch (Exception | AssertionError e) {
      nodes.close();
      throw e;
    }
  }

  private NodeProcess member(int number, String more) throws Exception {
    NatLab.Host place = places.get(number - 1);
    String join =
        places.stream()
            .filter(other -> !other.equals(place))
            .map(NatLab.Host::address)
            .collect(Collectors.joining(", "));
    String configuration =
        """
        cluster: { name: test, bind: %1$s, join: [%2$s], bus: "%1$s:0" }
        grpc: { host: %1$s }
        mesh: { listen: [ "udp://%1$s:%3$d", "tcp://%1$s:%3$d" ] }
        %4$s
        """
            .formatted(place.address(), join, PORT, more);
    return NodeProcess.prepare(
        directory.resolve("m" + number), place.netns(), ca, place.address(), true, configuration);
  }

  /**
   * Prepares a node on a host behind a router; {@link NodeProcess#start} starts it.
   *
   * @param kind of its links to all the members: udp or tcp
   * @param more lines of its weft.yaml
   */
  public NodeProcess behind(String name, NatLab.Host host, String kind, String more)
      throws Exception {
    String links =
        places.stream()
            .map(member -> "{ to: \"%s://%s:%d\" }".formatted(kind, member.address(), PORT))
            .collect(Collectors.joining(", "));
    NodeProcess node =
        NodeProcess.prepare(
            directory.resolve(name),
            host.netns(),
            ca,
            host.address(),
            true,
            "mesh: { links: [ %s ] }\n%s".formatted(links, more));
    behind.add(node);
    return node;
  }

  public NatLab lab() {
    return lab;
  }

  /** A member's process, from 1. */
  public NodeProcess member(int number) {
    return members.get(number - 1);
  }

  /** The UDP and TCP address of a member's mesh listener. */
  public String listener(int number) {
    return places.get(number - 1).address() + ":" + PORT;
  }

  /** The certificates of these nodes are this one's. */
  public CertificateAuthority ca() {
    return ca;
  }

  @Override
  public void close() throws Exception {
    for (NodeProcess node : behind) {
      node.close();
    }
    for (NodeProcess member : members) {
      member.close();
    }
    lab.close();
  }
}
