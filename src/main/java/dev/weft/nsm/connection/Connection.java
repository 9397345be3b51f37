package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.UnsetRoute;
import dev.weft.pod.PodRef;
import dev.weft.wire.WireSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A connection as it should be: what a node keeps of it on disk. Both nodes keep one, each with
 * what it knows.
 *
 * @param id 16 hex digits, given by the client's node
 * @param requestId the client's
 * @param asked interface types, as the client wrote them; null at the endpoint's node
 * @param agreed the interface type that client and endpoint agreed on; null at the endpoint's node
 * @param since when the client asked
 * @param hop its place in a chain of services; null for a service of its own
 */
public record Connection(
    String id,
    String requestId,
    String service,
    List<RequestedInterface> asked,
    RequestedInterface agreed,
    Instant since,
    Client client,
    Target endpoint,
    Link link,
    ChainHop hop) {
  /** A connection to one service. */
  public Connection(
      String id,
      String requestId,
      String service,
      List<RequestedInterface> asked,
      RequestedInterface agreed,
      Instant since,
      Client client,
      Target endpoint,
      Link link) {
    this(id, requestId, service, asked, agreed, since, client, endpoint, link, null);
  }

  /** The namespace of this room's wires; the topology room leaves them alone. */
  static final String WIRE_NS = "~nsm";

  /**
   * The client's end.
   *
   * @param netns its namespace on its node; null on another
   * @param identity the namespace's cookie, which no other namespace gets; 0 on another node, and
   *     where an older node kept the connection
   * @param intf its interface's name
   * @param routing its routes; the default on another node
   */
  public record Client(
      String node, PodRef pod, String netns, long identity, String intf, ClientRouting routing) {
    public Client {
      // Older nodes kept none.
      routing = routing == null ? ClientRouting.DEFAULT : routing;
    }

    private Client with(long found) {
      return new Client(node, pod, netns, found, intf, routing);
    }

    private Client without(List<UnsetRoute> routes) {
      return new Client(node, pod, netns, identity, intf, routing.without(routes));
    }
  }

  /**
   * The endpoint's end.
   *
   * @param namespace of the provider, as in Kubernetes
   * @param netns its network namespace on its node; null on another
   * @param identity the namespace's cookie, as the client's
   * @param pod the wire room's name for its namespace; null for a veth
   */
  public record Target(
      String node,
      String namespace,
      String provider,
      String netns,
      long identity,
      PodRef pod,
      String intf) {
    private Target with(long found) {
      return new Target(node, namespace, provider, netns, found, pod, intf);
    }

    public boolean is(Endpoint endpoint) {
      return endpoint.node().equals(node)
          && endpoint.namespace().equals(namespace)
          && endpoint.provider().equals(provider);
    }
  }

  /**
   * What joins them.
   *
   * @param prefix of 30 bits; the first host is the endpoint, the second the client
   * @param prefix6 of 126 bits, with the same hosts; null for no IPv6 addresses
   * @param routes destinations that the client reaches through the endpoint
   * @param mtu bytes
   * @param vni of a VXLAN, else 0
   * @param here this node's underlay address for a VXLAN, else null
   * @param there the other node's; for a wire to a node of another mesh where it serves, host:port
   */
  public record Link(
      Mechanism carrier,
      String prefix,
      String prefix6,
      List<String> routes,
      int mtu,
      int vni,
      String here,
      String there) {}

  /** References to the namespaces of ends on this node whose identity is not known. */
  List<String> unidentified() {
    return Stream.concat(
            client.identity == 0 ? Stream.ofNullable(client.netns) : Stream.empty(),
            endpoint.identity == 0 ? Stream.ofNullable(endpoint.netns) : Stream.empty())
        .toList();
  }

  /** The same connection with unknown identities filled in: what the references mean now. */
  Connection identified(Map<String, Long> identities) {
    List<String> unknown = unidentified();
    if (unknown.isEmpty()) {
      return this;
    }
    return new Connection(
        id,
        requestId,
        service,
        asked,
        agreed,
        since,
        unknown.contains(client.netns) ? client.with(identities.get(client.netns)) : client,
        unknown.contains(endpoint.netns) ? endpoint.with(identities.get(endpoint.netns)) : endpoint,
        link,
        hop);
  }

  /** The same connection in that place of a chain. */
  Connection at(ChainHop place) {
    return new Connection(
        id, requestId, service, asked, agreed, since, client, endpoint, link, place);
  }

  /** What the client asked for: the chain's name of a chain's first hop. */
  public String askedFor() {
    return hop != null && hop.isFirst() ? hop.service() : service;
  }

  public Cidr endpointAddress() {
    return host(prefix(), 1);
  }

  public Cidr clientAddress() {
    return host(prefix(), 2);
  }

  public Optional<Cidr> endpointAddress6() {
    return prefix6().map(prefix -> host(prefix, 1));
  }

  public Optional<Cidr> clientAddress6() {
    return prefix6().map(prefix -> host(prefix, 2));
  }

  /** The IPv6 prefix beside {@link #prefix}, if it has IPv6 addresses. */
  public Optional<Cidr> prefix6() {
    return Optional.ofNullable(link.prefix6()).map(Cidr::parse);
  }

  public Cidr prefix() {
    return Cidr.parse(link.prefix());
  }

  /** The connected prefixes, then those that the endpoint offers and the client has. */
  public List<String> allRoutes() {
    return Stream.concat(
            Stream.of(link.prefix(), link.prefix6()).filter(Objects::nonNull),
            link.routes().stream().filter(client.routing::isSet))
        .toList();
  }

  /** The same connection, of whose routes some could not be set. */
  Connection without(List<UnsetRoute> routes) {
    return new Connection(
        id, requestId, service, asked, agreed, since, client.without(routes), endpoint, link, hop);
  }

  /**
   * The id of the wire that carries it: the same on both nodes, and another one for another
   * endpoint.
   */
  public String wireId() {
    return WireSpec.idOf(
        WIRE_NS + "/" + client.node() + "/" + id,
        0,
        client.pod(),
        client.intf(),
        endpoint.pod(),
        endpoint.intf());
  }

  public boolean clientAt(String node) {
    return client.node().equals(node);
  }

  public boolean endpointAt(String node) {
    return endpoint.node().equals(node);
  }

  private static Cidr host(Cidr prefix, int number) {
    byte[] bytes = prefix.address().getAddress();
    bytes[bytes.length - 1] += (byte) number;
    return new Cidr(IpAddress.of(bytes), prefix.prefixLength());
  }

  /** {@code echo for default/c1 (10.44.0.2)}. */
  @Override
  public String toString() {
    return askedFor()
        + " for "
        + client.pod()
        + (link == null ? "" : " (" + IpAddress.format(clientAddress().address()) + ")");
  }
}
