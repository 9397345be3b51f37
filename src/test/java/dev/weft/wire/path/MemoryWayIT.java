package dev.weft.wire.path;

import com.google.protobuf.Message;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Dial;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.MemoryConnection;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.Pipe;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.Optional;

/** The contract between two data paths of one process, joined without a network. */
class MemoryWayIT extends DriverContract {
  private static final WiresConfig CONFIG =
      new WiresConfig(
          MTU,
          WiresConfig.Driver.EPOLL,
          WiresConfig.OnStop.KEEP,
          WiresConfig.Carrier.KEEP,
          WiresConfig.Repoint.ALLOW,
          true);

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private Half first;
  private Half second;

  /** One of the two nodes: its data path and its end of the wire. */
  private final class Half implements Dial {
    private final String name;
    private final long interfaceId;
    private final TestNetns node;
    private final GrpcListener listener = new GrpcListener(vertx);
    private final DataPath path;
    private Half peer;
    private WireEnd end;
    private Driver.Handle reading;

    Half(String name, long interfaceId) {
      this.name = name;
      this.interfaceId = interfaceId;
      this.node = TestNetns.create(name);
      this.path = await(DataPath.open(vertx, this, listener, CONFIG, 1));
    }

    /** Makes the pod's interface and the node's end of it. */
    void make(TestNetns pod, String address) throws Exception {
      node.run("ip", "link", "add", "w0", "type", "veth", "peer", "eth1", "netns", pod.name());
      node.run("ip", "link", "set", "w0", "mtu", "65535", "arp", "off", "addrgenmode", "none");
      node.run("ip", "link", "set", "w0", "up");
      pod.run("ip", "address", "add", address + "/24", "dev", "eth1");
      pod.run("ip", "link", "set", "eth1", "mtu", String.valueOf(MTU), "up");
      try (Netns inside = node.open();
          Netlink netlink = Netlink.open(inside)) {
        int ifindex = netlink.require("w0").index();
        end =
            new WireEnd(
                interfaceId,
                caller -> caller.isNode(peer.name),
                ifindex,
                PacketSocket.open(inside, ifindex, PacketOptions.DEFAULT),
                new TrafficCounter(),
                new TrafficCounter());
      }
      path.ends().add(end);
    }

    void carry() {
      Lane lane = path.lane(name, peer.name);
      PacketWriter writer = new PacketWriter(peer.interfaceId, PacketWriter.Peer.VNET_UDP);
      reading = path.attach(end, await(lane.open(peer.name, writer)), lane);
    }

    void close() {
      if (reading != null) {
        await(reading.close());
      }
      end.close();
      node.close();
    }

    @Override
    public Future<OutStream> stream(String nodeId, String called, Loop on) {
      Loop there = peer.path.lane(name).loop();
      return new MemoryConnection(peer.listener, Caller.member(name, "127.0.0.1"), on, there)
          .stream(called, Optional.empty());
    }

    @Override
    public Loop loop(String nodeId, Loop preferred) {
      return preferred;
    }

    @Override
    public Future<Pipe> pipe(String nodeId, String service) {
      throw new UnsupportedOperationException("the data path opens no pipes");
    }

    @Override
    public <Q extends Message, R extends Message> Future<R> call(
        String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline) {
      throw new UnsupportedOperationException("the data path makes no calls");
    }
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  @Override
  void join(TestNetns one, TestNetns two) throws Exception {
    first = new Half("n1", 1);
    second = new Half("n2", 2);
    first.peer = second;
    second.peer = first;
    first.make(one, ONE);
    second.make(two, TWO);
    first.carry();
    second.carry();
  }

  @Override
  void part() {
    first.close();
    second.close();
    await(vertx.close());
  }
}
