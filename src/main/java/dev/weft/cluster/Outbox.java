package dev.weft.cluster;

import dev.weft.cluster.proto.Entry;
import dev.weft.cluster.proto.PublishAnswer;
import dev.weft.cluster.proto.PublishRequest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of this outpost that its home has yet to publish: each row's last one. On the cluster
 * thread.
 */
final class Outbox {
  private static final Logger log = LoggerFactory.getLogger(Outbox.class);
  private static final Duration AGAIN_AFTER = Duration.ofSeconds(1);
  private static final int MOST_ENTRIES = 100;
  private static final int MOST_CHARACTERS = 1 << 20;

  private final String self;
  private final ClusterThread thread;
  private final Map<ChangeLog.Row, String> waiting = new LinkedHashMap<>();
  private Optional<Home> home = Optional.empty();
  private boolean sending;

  Outbox(String self, ClusterThread thread) {
    this.self = self;
    this.thread = thread;
  }

  /**
   * Has a row published, now or when there is a home.
   *
   * @param json empty for a row that is to be forgotten
   */
  void put(String table, String key, String json) {
    waiting.put(new ChangeLog.Row(table, key), json);
    send();
  }

  /** Sends to this home from now on. */
  void to(Optional<Home> next) {
    home = next;
    send();
  }

  private void send() {
    if (sending || waiting.isEmpty() || home.isEmpty()) {
      return;
    }
    sending = true;
    Home to = home.get();
    Map<ChangeLog.Row, String> batch = batch();
    PublishRequest.Builder request = PublishRequest.newBuilder();
    batch.forEach(
        (row, json) ->
            request.addEntries(
                Entry.newBuilder().setTable(row.table()).setKey(row.key()).setJson(json)));
    to.publish(self, request.build())
        .onSuccess(answer -> thread.run(() -> sent(batch, answer)))
        .onFailure(
            e -> {
              log.debug("records not published: {}", e.getMessage());
              thread.after(AGAIN_AFTER, this::again);
            });
  }

  private Map<ChangeLog.Row, String> batch() {
    Map<ChangeLog.Row, String> batch = new LinkedHashMap<>();
    int characters = 0;
    for (Map.Entry<ChangeLog.Row, String> row : waiting.entrySet()) {
      characters += row.getValue().length();
      if (!batch.isEmpty() && (batch.size() == MOST_ENTRIES || characters > MOST_CHARACTERS)) {
        break;
      }
      batch.put(row.getKey(), row.getValue());
    }
    return batch;
  }

  private void sent(Map<ChangeLog.Row, String> batch, PublishAnswer answer) {
    // What is refused is offered again by the next comparison of the tables.
    answer.getRefusedList().forEach(why -> log.warn("not published by the home: {}", why));
    batch.forEach(waiting::remove);
    again();
  }

  private void again() {
    sending = false;
    send();
  }
}
