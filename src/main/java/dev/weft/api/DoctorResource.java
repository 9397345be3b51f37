package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.cluster.Cluster;
import io.vertx.core.Future;
import java.util.List;

/** {@code /doctor}. */
final class DoctorResource {
  /** A finding, and on which node. */
  record Found(String node, String check, String state, String text, String action) {}

  /** What all who were asked have found. */
  private record Examined(List<Found> items, List<Page.Unanswered> unanswered) {}

  private final Members members;

  DoctorResource(Bus bus, Cluster cluster) {
    this.members = new Members(bus, cluster);
  }

  void bind(Operations operations) {
    operations.answer("examine", ctx -> examine("cluster".equals(ctx.queryParams().get("scope"))));
  }

  private Future<Examined> examine(boolean cluster) {
    return members
        .ask(cluster, Doctor.class, Doctor::examine)
        .map(
            answers ->
                new Examined(
                    answers.byNode().entrySet().stream()
                        .flatMap(
                            of ->
                                of.getValue().stream()
                                    .map(
                                        f ->
                                            new Found(
                                                of.getKey(),
                                                f.check(),
                                                f.state(),
                                                f.text(),
                                                f.action())))
                        .toList(),
                    answers.unanswered()));
  }
}
