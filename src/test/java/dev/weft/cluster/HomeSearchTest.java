package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.bus.Fault;
import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.HeldAnswer;
import dev.weft.cluster.proto.HeldRequest;
import dev.weft.cluster.proto.LeaveAnswer;
import dev.weft.cluster.proto.LeaveRequest;
import dev.weft.cluster.proto.News;
import dev.weft.cluster.proto.PublishAnswer;
import dev.weft.cluster.proto.PublishRequest;
import dev.weft.cluster.proto.ReplaceAnswer;
import dev.weft.cluster.proto.ReplaceRequest;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Of two nodes that can be reached, one is alone and the other one an outpost. */
class HomeSearchTest {
  private final ClusterThread thread = new ClusterThread();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final HomeSearch search = new HomeSearch("o1", thread, new Line(), new Told());

  @AfterEach
  void stop() {
    search.close();
    thread.stop();
  }

  @Test
  void shouldSayTheSameUntilANodeSaysSomethingElse() {
    thread.run(search::start);

    await().atMost(Duration.ofSeconds(20)).until(() -> told.size() >= 3);

    assertThat(told).containsOnly("n2 is alone; n3 is an outpost");
  }

  private static final class Line implements HomeLine {
    @Override
    public Future<List<String>> reachable() {
      return Future.succeededFuture(List.of("n3", "o1", "n2"));
    }

    @Override
    public Home to(String node) {
      return new NoHome(
          node.equals("n2")
              ? Fault.PRECONDITION.because("n2 is alone")
              : Fault.NOT_FOUND.because("n3 is an outpost"));
    }
  }

  private record NoHome(RuntimeException why) implements Home {
    @Override
    public Future<News> follow(String outpost, FollowRequest request) {
      return Future.failedFuture(why);
    }

    @Override
    public Future<PublishAnswer> publish(String outpost, PublishRequest request) {
      return Future.failedFuture(why);
    }

    @Override
    public Future<HeldAnswer> held(String outpost, HeldRequest request) {
      return Future.failedFuture(why);
    }

    @Override
    public Future<ReplaceAnswer> replace(String outpost, ReplaceRequest request) {
      return Future.failedFuture(why);
    }

    @Override
    public Future<LeaveAnswer> leave(String outpost, LeaveRequest request) {
      return Future.failedFuture(why);
    }
  }

  private final class Told implements HomeSearch.Watcher {
    @Override
    public void found(String node, Home home, News first) {
      throw new UnsupportedOperationException("there is none");
    }

    @Override
    public void news(News news) {
      throw new UnsupportedOperationException("there is none");
    }

    @Override
    public void lost() {
      throw new UnsupportedOperationException("there is none");
    }

    @Override
    public void none(String why, boolean declined) {
      told.add(why);
    }

    @Override
    public Optional<Member> member(String id) {
      return Optional.empty();
    }

    @Override
    public FollowRequest request() {
      return FollowRequest.getDefaultInstance();
    }
  }
}
