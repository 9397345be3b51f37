package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Home;
import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.HeldAnswer;
import dev.weft.cluster.proto.HeldRequest;
import dev.weft.cluster.proto.LeaveAnswer;
import dev.weft.cluster.proto.LeaveRequest;
import dev.weft.cluster.proto.News;
import dev.weft.cluster.proto.OutpostProto;
import dev.weft.cluster.proto.PublishAnswer;
import dev.weft.cluster.proto.PublishRequest;
import dev.weft.cluster.proto.ReplaceAnswer;
import dev.weft.cluster.proto.ReplaceRequest;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A member as the home of this outpost, whichever way leads to it. */
final class RemoteHome implements Home {
  /** News are held back for 2 s if there are none. */
  private static final Duration NEWS = Duration.ofSeconds(4);

  /** For the first question to a node, which may be no home, or gone. */
  private static final Duration FIRST = Duration.ofMillis(2500);

  private static final Duration DEADLINE = Duration.ofSeconds(4);

  private static final GrpcMethod<FollowRequest, News> FOLLOW =
      method("Follow", FollowRequest.getDefaultInstance(), News.getDefaultInstance());
  private static final GrpcMethod<PublishRequest, PublishAnswer> PUBLISH =
      method("Publish", PublishRequest.getDefaultInstance(), PublishAnswer.getDefaultInstance());
  private static final GrpcMethod<HeldRequest, HeldAnswer> HELD =
      method("Held", HeldRequest.getDefaultInstance(), HeldAnswer.getDefaultInstance());
  private static final GrpcMethod<ReplaceRequest, ReplaceAnswer> REPLACE =
      method("Replace", ReplaceRequest.getDefaultInstance(), ReplaceAnswer.getDefaultInstance());
  private static final GrpcMethod<LeaveRequest, LeaveAnswer> LEAVE =
      method("Leave", LeaveRequest.getDefaultInstance(), LeaveAnswer.getDefaultInstance());

  private final Dial dial;
  private final String node;
  private final String name;
  private boolean followed;

  /**
   * @param name of the node, for people
   */
  RemoteHome(Dial dial, String node, String name) {
    this.dial = dial;
    this.node = node;
    this.name = name;
  }

  private static <Q extends Message, R extends Message> GrpcMethod<Q, R> method(
      String name, Q request, R answer) {
    return new GrpcMethod<>(
        OutpostProto.getDescriptor().findServiceByName("Home"), name, request, answer);
  }

  /** Serves a home to outposts, each under the id that its certificate proves. */
  static void serve(GrpcListener listener, Home home) {
    Set<Listener> by = Set.of(Listener.MEMBERS);
    listener
        .serve(FOLLOW, by, (caller, request) -> home.follow(caller.node(), request))
        .serve(PUBLISH, by, (caller, request) -> home.publish(caller.node(), request))
        .serve(HELD, by, (caller, request) -> home.held(caller.node(), request))
        .serve(REPLACE, by, (caller, request) -> home.replace(caller.node(), request))
        .serve(LEAVE, by, (caller, request) -> home.leave(caller.node(), request));
  }

  @Override
  public Future<News> follow(String outpost, FollowRequest request) {
    Duration within = followed ? NEWS : FIRST;
    followed = true;
    return call(FOLLOW, request, within).recover(e -> Future.failedFuture(inWords(e)));
  }

  @Override
  public Future<PublishAnswer> publish(String outpost, PublishRequest request) {
    return call(PUBLISH, request, DEADLINE);
  }

  @Override
  public Future<HeldAnswer> held(String outpost, HeldRequest request) {
    return call(HELD, request, DEADLINE);
  }

  @Override
  public Future<ReplaceAnswer> replace(String outpost, ReplaceRequest request) {
    return call(REPLACE, request, DEADLINE);
  }

  @Override
  public Future<LeaveAnswer> leave(String outpost, LeaveRequest request) {
    return call(LEAVE, request, DEADLINE);
  }

  /** Outposts, and nodes of before there were any, do not serve the calls of a home. */
  private Throwable inWords(Throwable e) {
    return WeftException.of(e).fault() == Fault.NOT_FOUND
        ? Fault.NOT_FOUND.because(
            "node " + name + " is no member of the cluster itself, so it cannot be this one's home")
        : e;
  }

  /** The deadline is that of the connection too, if there is none yet. */
  private <Q extends Message, R extends Message> Future<R> call(
      GrpcMethod<Q, R> method, Q request, Duration within) {
    return dial.call(node, method, request, within)
        .timeout(within.toMillis(), TimeUnit.MILLISECONDS)
        .recover(
            e ->
                Future.failedFuture(
                    e instanceof TimeoutException
                        ? Fault.TIMEOUT.because("node " + name + " does not answer")
                        : e));
  }
}
