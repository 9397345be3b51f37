package dev.weft.nsm.peer;

import dev.weft.dial.Dial;
import dev.weft.nsm.Calls;
import dev.weft.nsm.proto.HopDrop;
import dev.weft.nsm.proto.HopDropped;
import dev.weft.nsm.proto.HopNews;
import dev.weft.nsm.proto.HopNewsSeen;
import dev.weft.nsm.proto.HopReply;
import dev.weft.nsm.proto.HopRequest;
import dev.weft.nsm.proto.HopRouted;
import dev.weft.nsm.proto.HopRoutes;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.function.Supplier;

/** Asks nodes about the hops of chains; this node among them, without a call. */
public final class HopPeers {
  /** As long as a request of a client: endpoints have 15 s, the wire as long again. */
  private static final Duration EXTEND = Duration.ofSeconds(35);

  private static final Duration DEADLINE = Duration.ofSeconds(4);

  private final String self;
  private final Dial dial;
  private final RoomThread thread;
  private HopNode here;

  public HopPeers(String self, Dial dial, RoomThread thread) {
    this.self = self;
    this.dial = dial;
    this.thread = thread;
  }

  /** What is asked of a node; every method is told the node that asks. */
  public interface HopNode {
    Future<HopReply> extend(String caller, HopRequest request);

    Future<HopRouted> route(String caller, HopRoutes routes);

    Future<HopNewsSeen> tell(String caller, HopNews news);

    Future<HopDropped> drop(String caller, HopDrop hop);
  }

  /** Answers for this node. */
  public void answer(HopNode node) {
    here = node;
  }

  public Future<HopReply> extend(String node, HopRequest request) {
    return node.equals(self)
        ? own(() -> here.extend(self, request))
        : thread.home(dial.call(node, Calls.EXTEND, request, EXTEND));
  }

  public Future<HopRouted> route(String node, HopRoutes routes) {
    return node.equals(self)
        ? own(() -> here.route(self, routes))
        : thread.home(dial.call(node, Calls.ROUTE, routes, DEADLINE));
  }

  public Future<HopNewsSeen> tell(String node, HopNews news) {
    return node.equals(self)
        ? own(() -> here.tell(self, news))
        : thread.home(dial.call(node, Calls.TELL, news, DEADLINE));
  }

  public Future<HopDropped> drop(String node, HopDrop hop) {
    return node.equals(self)
        ? own(() -> here.drop(self, hop))
        : thread.home(dial.call(node, Calls.DROP, hop, DEADLINE));
  }

  private static <T> Future<T> own(Supplier<Future<T>> work) {
    return Future.<Void>succeededFuture().compose(v -> work.get());
  }
}
