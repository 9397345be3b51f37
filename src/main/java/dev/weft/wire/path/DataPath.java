package dev.weft.wire.path;

import dev.weft.config.WiresConfig;
import dev.weft.dial.Dial;
import dev.weft.linux.KernelVersion;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Loop;
import io.netty.channel.epoll.Epoll;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What carries this node's frames: its lanes, its driver, and the ends that stand. */
public final class DataPath {
  private final Dial dial;
  private final WireEnds ends;
  private final FrameReceiver receiver;
  private final List<Lane> lanes;
  private final Driver driver;
  private final SocketCloser closer = new SocketCloser();

  private DataPath(
      Dial dial, WireEnds ends, FrameReceiver receiver, List<Lane> lanes, Driver driver) {
    this.dial = dial;
    this.ends = ends;
    this.receiver = receiver;
    this.lanes = lanes;
    this.driver = driver;
  }

  /**
   * Deploys lanes and driver as children of the calling verticle, and receives frames from now on.
   *
   * @param loops event loops that carry streams
   */
  public static Future<DataPath> open(
      Vertx vertx, Dial dial, GrpcListener listener, WiresConfig config, int loops) {
    WireEnds ends = new WireEnds();
    FrameReceiver receiver = new FrameReceiver(ends);
    receiver.addTo(listener);
    List<Lane> lanes = IntStream.range(0, loops).mapToObj(i -> new Lane(dial)).toList();
    Stream<Future<String>> deployed = lanes.stream().map(vertx::deployVerticle);
    Driver driver;
    if (DriverChoice.isEpoll(config.driver(), Epoll.unavailabilityCause())) {
      driver = new EpollDriver();
    } else {
      WorkerDriver worker = new WorkerDriver();
      driver = worker;
      deployed = Stream.concat(deployed, Stream.of(vertx.deployVerticle(worker, onWorker())));
    }
    return Future.all(deployed.toList())
        .onSuccess(v -> listener.on(lanes.stream().map(Lane::loop).toList()))
        .map(new DataPath(dial, ends, receiver, lanes, driver));
  }

  private static DeploymentOptions onWorker() {
    return new DeploymentOptions()
        .setThreadingModel(ThreadingModel.WORKER)
        .setWorkerPoolName("weft-frames")
        .setWorkerPoolSize(1);
  }

  /** The wire ends on this node. */
  public WireEnds ends() {
    return ends;
  }

  /**
   * The lane of a wire to a node: the one on the loop of streams to that node. Always the same one,
   * so that the wire's frames keep their order.
   */
  public Lane lane(String wireId, String node) {
    Lane preferred = lane(wireId);
    Loop loop = dial.loop(node, preferred.loop());
    return lanes.stream().filter(lane -> lane.loop().equals(loop)).findFirst().orElse(preferred);
  }

  /** The lane of a wire to a program that is no node. */
  public Lane lane(String wireId) {
    return lanes.get(Math.floorMod(wireId.hashCode(), lanes.size()));
  }

  /**
   * Opens a stream to an end on this node.
   *
   * @param caller whose frames the end takes
   */
  public Future<FrameSink> within(WireEnd to, Caller caller, Lane lane) {
    PacketWriter.Peer takes = PacketWriter.Peer.of(true, KernelVersion.hasUdpSegmentation(), false);
    return lane.loop()
        .call(
            () -> {
              LocalStream stream = new LocalStream(lane.loop(), caller);
              receiver.serve(stream);
              return Future.succeededFuture(
                  new FrameSink(new PacketWriter(to.interfaceId(), takes), stream));
            });
  }

  /** Reads the end's socket into the stream until the handle is closed. */
  public Driver.Handle attach(WireEnd end, FrameSink stream, Lane lane) {
    SegmentPort port = end.port();
    return port == null ? driver.attach(end, stream, lane) : port.attach(stream, lane);
  }

  /** Closes an end whose socket is not read any more; completes on any thread. */
  public Future<Void> close(WireEnd end) {
    return closer.run(end::close);
  }
}
