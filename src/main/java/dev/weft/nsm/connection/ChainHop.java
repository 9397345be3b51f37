package dev.weft.nsm.connection;

import dev.weft.nsm.proto.Composition;
import java.util.ArrayList;
import java.util.List;

/**
 * The place of a connection in a chain of services. The first hop is the client's connection, whose
 * id is the chain's and whose node decides; the client of each other hop is the endpoint's pod of
 * the hop before.
 *
 * @param service the chain's name, which the client asked for
 * @param via the services on the way
 * @param number of this hop, from 1
 * @param root the chain's id; null until the first hop has one
 * @param node the client's; null until the first hop has an id
 * @param before the connection of the hop before; null for the first
 * @param ahead what this hop's client reaches by later hops, as prefixes
 * @param back what this hop's endpoint reaches by earlier hops, as prefixes
 */
public record ChainHop(
    String service,
    List<String> via,
    int number,
    String root,
    String node,
    String before,
    List<String> ahead,
    List<String> back) {
  /** The most hops of a chain. */
  public static final int MAX = 8;

  /** The client's own hop. */
  public static ChainHop first(String service, List<String> via) {
    return new ChainHop(service, List.copyOf(via), 1, null, null, null, List.of(), List.of());
  }

  /** A hop as the node of its endpoint is told of it. */
  public static ChainHop of(Composition told) {
    return new ChainHop(
        told.getService(),
        List.copyOf(told.getViaList()),
        told.getHop(),
        told.getConnectionId(),
        told.getNode(),
        null,
        List.of(),
        List.of());
  }

  public Composition message() {
    return Composition.newBuilder()
        .setService(service)
        .addAllVia(via)
        .setHop(number)
        .setConnectionId(root)
        .setNode(node)
        .build();
  }

  /** The service of this hop. */
  public String here() {
    return via.get(number - 1);
  }

  public boolean isFirst() {
    return number == 1;
  }

  public boolean isLast() {
    return number == via.size();
  }

  /** The first hop, with the chain's id. */
  public ChainHop rooted(String id, String at) {
    return root != null ? this : new ChainHop(service, via, number, id, at, before, ahead, back);
  }

  /** The hop after this one, whose connection has that id. */
  public ChainHop next(String id) {
    return new ChainHop(service, via, number + 1, root, node, id, List.of(), List.of());
  }

  /** The same hop after another connection. */
  public ChainHop after(String id) {
    return new ChainHop(service, via, number, root, node, id, ahead, back);
  }

  public ChainHop leading(List<String> nowAhead, List<String> nowBack) {
    return new ChainHop(
        service, via, number, root, node, before, List.copyOf(nowAhead), List.copyOf(nowBack));
  }

  /** {@code hop 2 (vpn)}. */
  public String label() {
    return label(number, via);
  }

  public static String label(int number, List<String> via) {
    return "hop " + number + " (" + via.get(number - 1) + ")";
  }

  /** Routes and what lies ahead, each once. */
  List<String> reached(List<String> routes) {
    List<String> all = new ArrayList<>(routes);
    ahead.stream().filter(prefix -> !all.contains(prefix)).forEach(all::add);
    return all;
  }
}
