package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.News;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Finds an outpost a home and follows it; finds another when it is lost. On the cluster thread. */
final class HomeSearch {
  private static final Duration PAUSE = Duration.ofMillis(500);

  /** Reasons in the text for people. */
  private static final int MAX_SAID = 5;

  /** What the search tells. */
  interface Watcher {
    /** There is a home; its news follow. */
    void found(String node, Home home, News first);

    void news(News news);

    /** The home is lost; another one is being looked for. */
    void lost();

    /**
     * No node that can be reached is a home.
     *
     * @param declined whether each of them has said so
     */
    void none(String why, boolean declined);

    Optional<Member> member(String id);

    FollowRequest request();
  }

  private final String self;
  private final ClusterThread thread;
  private final HomeLine line;
  private final Watcher watcher;
  private final HomeChoice choice;

  /** By node that can be reached, why it is no home, as it said when it was asked last. */
  private final Map<String, String> reasons = new TreeMap<>();

  private boolean closed;

  HomeSearch(String self, ClusterThread thread, HomeLine line, Watcher watcher) {
    this.self = self;
    this.thread = thread;
    this.line = line;
    this.watcher = watcher;
    this.choice = new HomeChoice(self);
  }

  void start() {
    then(
        attempt(() -> line.reachable()),
        reachable -> {
          Iterator<String> order =
              choice.order(reachable, watcher::member, System.nanoTime()).iterator();
          reasons.keySet().retainAll(reachable);
          ask(order, reachable);
        },
        e -> none("the mesh cannot be asked: " + e.getMessage(), false));
  }

  void close() {
    closed = true;
  }

  private void ask(Iterator<String> order, List<String> reachable) {
    if (!order.hasNext()) {
      boolean declined = !reachable.isEmpty() && choice.allDeclined(reachable);
      none(reasons.isEmpty() ? choice.whyNobody(reachable) : said(), declined);
      return;
    }
    String node = order.next();
    Home home = line.to(node);
    then(
        attempt(() -> home.follow(self, watcher.request())),
        news -> {
          reasons.clear();
          watcher.found(node, home, news);
          follow(node, home);
        },
        e -> {
          if (e.fault() == Fault.PRECONDITION || e.fault() == Fault.INVALID) {
            choice.declined(node, System.nanoTime());
          } else {
            choice.failed(node, System.nanoTime());
          }
          reasons.put(node, e.getMessage());
          ask(order, reachable);
        });
  }

  /** What the nodes said, by their ids, so that it is the same until one says something else. */
  private String said() {
    String first =
        reasons.values().stream().distinct().limit(MAX_SAID).collect(Collectors.joining("; "));
    long more = reasons.values().stream().distinct().count() - MAX_SAID;
    return more > 0 ? first + "; and " + more + " more" : first;
  }

  private void none(String why, boolean declined) {
    watcher.none(why, declined);
    thread.after(PAUSE, this::start);
  }

  private void follow(String node, Home home) {
    then(
        attempt(() -> home.follow(self, watcher.request())),
        news -> {
          watcher.news(news);
          follow(node, home);
        },
        e -> {
          choice.failed(node, System.nanoTime());
          watcher.lost();
          start();
        });
  }

  private static <T> Future<T> attempt(Supplier<Future<T>> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  private <T> void then(Future<T> future, Consumer<T> succeeded, Consumer<WeftException> failed) {
    future.onComplete(
        done ->
            thread.run(
                () -> {
                  if (closed) {
                    return;
                  }
                  if (done.succeeded()) {
                    succeeded.accept(done.result());
                  } else {
                    failed.accept(WeftException.of(done.cause()));
                  }
                }));
  }
}
