package dev.weft.proxy.utp;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.Remote;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import dev.weft.rpc.socket.ChannelPipe;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What one proxy has of uTP: its socket, and the nodes that it keeps reachable. */
final class UtpCarrier implements Carrier {
  private final Vertx vertx;
  private final Loop loop;
  private final UtpSocket socket;
  private final UtpDialling dialling;
  private final boolean reverse;
  private final Events events;
  private final Supplier<Duration> keepalive;
  private final int port;

  /** The loop's. */
  private final Map<HostPort, SoughtAddress> sought = new HashMap<>();

  private boolean closed;

  UtpCarrier(
      Vertx vertx,
      Loop loop,
      UtpSocket socket,
      UtpTls tls,
      boolean reverse,
      Events events,
      Supplier<Duration> keepalive) {
    this.vertx = vertx;
    this.loop = loop;
    this.socket = socket;
    this.dialling = new UtpDialling(loop, socket, tls);
    this.reverse = reverse;
    this.events = events;
    this.keepalive = keepalive;
    this.port = socket.address().getPort();
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public void add(Remote remote) {
    loop.run(
        () -> {
          // A node that only this proxy is reached by needs nothing from here.
          if (closed || sought.containsKey(remote.at()) || (reverse && !remote.nat())) {
            return;
          }
          SoughtAddress added = new SoughtAddress(this, remote);
          sought.put(remote.at(), added);
          added.begin();
        });
  }

  @Override
  public void remove(HostPort at) {
    loop.run(
        () -> {
          SoughtAddress removed = sought.remove(at);
          if (removed != null) {
            removed.end();
          }
        });
  }

  @Override
  public Future<Pipe> connect(Remote remote) {
    return loop.call(
        () ->
            resolved(remote.at())
                .compose(
                    address -> {
                      ChannelPipe pipe = new ChannelPipe(loop);
                      return dialling
                          .dial(remote, address, UtpTls.PIPE, pipe)
                          .map(node -> pipe.pipe());
                    }));
  }

  @Override
  public Future<Pipe> connect(NodeId node) {
    return Future.failedFuture(
        Fault.PRECONDITION.because(
            "node " + node + ": no address was added (utp knows nodes by address alone)"));
  }

  @Override
  public Future<Void> close() {
    return loop.call(
        () -> {
          closed = true;
          sought.values().forEach(SoughtAddress::end);
          sought.clear();
          return socket.close();
        });
  }

  /** A host's address that the socket can send to; on the loop. */
  Future<InetSocketAddress> resolved(HostPort at) {
    Optional<InetAddress> literal = IpAddress.find(at.host());
    Future<List<InetAddress>> all =
        literal.isPresent()
            ? Future.succeededFuture(List.of(literal.get()))
            : loop.call(
                () ->
                    vertx.executeBlocking(
                        () -> Arrays.asList(InetAddress.getAllByName(at.host())), false));
    return all.compose(
            addresses ->
                addresses.stream()
                    .filter(this::sendsTo)
                    .findFirst()
                    .map(
                        address ->
                            Future.succeededFuture(new InetSocketAddress(address, at.port())))
                    .orElseGet(() -> Future.failedFuture(new UnknownHostException(at.host()))))
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "utp://" + at + ": no address that " + socket.address() + " can send to",
                        e)));
  }

  private boolean sendsTo(InetAddress address) {
    return socket.address().getAddress() instanceof Inet6Address || address instanceof Inet4Address;
  }

  Loop loop() {
    return loop;
  }

  UtpSocket socket() {
    return socket;
  }

  UtpDialling dialling() {
    return dialling;
  }

  Events events() {
    return events;
  }

  boolean isReverse() {
    return reverse;
  }

  /** Microseconds. */
  long keepalive() {
    return keepalive.get().toMillis() * 1000;
  }
}
