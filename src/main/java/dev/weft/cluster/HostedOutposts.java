package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.cluster.proto.Entry;
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
import io.vertx.core.Promise;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outposts that this member is the home of. It shows them the cluster's tables, publishes their
 * records, which it verifies, and says to the other members which ones live. Any thread may call.
 * News have a thread of their own: where a member stands still, Hazelcast blocks the cluster's for
 * seconds.
 */
final class HostedOutposts implements Home {
  private static final Duration REVIEW_EVERY = Duration.ofSeconds(1);

  /** An outpost that asks nothing for so long has another home, or is gone. */
  static final Duration SILENCE = Duration.ofSeconds(10);

  /** How long a question for news waits for some. */
  static final Duration HOLD = Duration.ofSeconds(2);

  /** Longest record that passes between a home and its outposts, in characters. */
  static final int MAX_RECORD = 3 << 20;

  private static final int MOST_OUTPOSTS = 1000;
  private static final int MOST_ENTRIES = 500;

  /** Characters of records in one answer, unless one record alone is longer. */
  private static final int MOST_CHARACTERS = 1 << 20;

  private static final Logger log = LoggerFactory.getLogger(HostedOutposts.class);

  /** What the home is built of. */
  interface House {
    Optional<ReplicatedTable> table(String name);

    /** Ids of all live nodes, outposts among them. */
    Set<String> live();

    /** Why no lease can be given now. */
    Optional<String> leaseRefusal();

    /** Why this node is no home; empty if it is one. */
    Optional<String> refusal();

    /** The table in which this node says whose home it is. */
    OwnedTable claims();
  }

  private final TableContext context;
  private final ChangeLog changes;
  private final House house;
  private final long run = new SecureRandom().nextLong();
  private final ClusterThread front = new ClusterThread("weft-outposts");
  private final Map<String, HostedOutpost> outposts = new ConcurrentHashMap<>();
  private final Map<String, Waiting> waiting = new HashMap<>();
  private volatile String name;

  /** Whether it is going to be looked for news. */
  private final AtomicBoolean looking = new AtomicBoolean();

  private boolean reviews;
  private Set<String> live = Set.of();
  private String refusal = "";

  /** Counts from 1: 0 is what an outpost begins with. */
  private long liveVersion = 1;

  /** An outpost's question that has no answer yet. */
  private record Waiting(FollowRequest request, Promise<News> answer, long sinceNanos) {}

  HostedOutposts(TableContext context, ChangeLog changes, House house) {
    this.context = context;
    this.changes = changes;
    this.house = house;
    this.name = context.self();
  }

  /** Names this node for people. */
  void name(String next) {
    name = next;
  }

  void stop() {
    front.stop();
  }

  /** Whether this node publishes that one's records. */
  boolean hosts(String outpost) {
    return outposts.containsKey(outpost);
  }

  /** Ids of the outposts. */
  Set<String> hosted() {
    return Set.copyOf(outposts.keySet());
  }

  /** Something may have changed that outposts want to know; any thread. */
  void changed() {
    if (!outposts.isEmpty() && !looking.getAndSet(true)) {
      front.run(
          () -> {
            looking.set(false);
            answerAll();
          });
    }
  }

  @Override
  public Future<News> follow(String outpost, FollowRequest request) {
    return front.call(() -> onFollow(outpost, request)).compose(Function.identity());
  }

  private Future<News> onFollow(String outpost, FollowRequest request) {
    house
        .refusal()
        .ifPresent(
            why -> {
              throw Fault.PRECONDITION.because("node " + name + " is no home: " + why);
            });
    host(outpost, request).heard(System.nanoTime());
    Waiting before = waiting.remove(outpost);
    if (before != null) {
      before.answer().tryFail(Fault.UNAVAILABLE.because("the outpost has asked again"));
    }
    look();
    Waiting next = new Waiting(request, Promise.promise(), System.nanoTime());
    if (!answer(next, false)) {
      waiting.put(outpost, next);
    }
    return next.answer().future();
  }

  private HostedOutpost host(String outpost, FollowRequest request) {
    HostedOutpost known = outposts.get(outpost);
    if (known != null && known.run() == request.getRun()) {
      return known;
    }
    if (known != null
        && !known.isSilent(System.nanoTime())
        && known.epoch() >= request.getEpoch()) {
      throw Fault.CONFLICT.because(
          "node id "
              + outpost
              + " is an outpost already (expected: one node per key; a copied data directory needs"
              + " a new key)");
    }
    if (known == null && outposts.size() >= MOST_OUTPOSTS) {
      throw Fault.EXHAUSTED.because(
          "outposts: node " + name + " has " + MOST_OUTPOSTS + " (expected: another home)");
    }
    HostedOutpost next =
        new HostedOutpost(outpost, request.getEpoch(), request.getRun(), System.nanoTime());
    outposts.put(outpost, next);
    if (!reviews) {
      reviews = true;
      front.every(REVIEW_EVERY, this::review);
    }
    log.info("home of outpost {}", outpost);
    claim(outpost);
    return next;
  }

  private void claim(String outpost) {
    house
        .claims()
        .put(outpost, Json.write(new LiveOutposts.Claim(context.self(), outpost, context.epoch())))
        .onFailure(e -> log.warn("outpost {} not claimed yet: {}", outpost, Reason.of(e)));
  }

  private void forget(String outpost, String why) {
    outposts.remove(outpost);
    Waiting left = waiting.remove(outpost);
    if (left != null) {
      left.answer().tryFail(Fault.UNAVAILABLE.because(why));
    }
    log.info("no longer home of outpost {}: {}", outpost, why);
    house
        .claims()
        .remove(outpost)
        .onFailure(e -> log.warn("outpost {} not let go yet: {}", outpost, Reason.of(e)));
  }

  /** Forgets changes of rows that are gone; on the cluster thread. */
  void tidy() {
    changes.retain(row -> find(row).isPresent());
  }

  /** Lets go the outposts that are silent, and answers those that have waited long enough. */
  private void review() {
    long now = System.nanoTime();
    for (HostedOutpost outpost : List.copyOf(outposts.values())) {
      if (outpost.isSilent(now)) {
        forget(outpost.id(), "it is silent");
      }
    }
    answerAll();
  }

  private void answerAll() {
    look();
    long nanos = System.nanoTime();
    waiting
        .values()
        .removeIf(
            w -> answer(w, nanos - w.sinceNanos() >= HOLD.toNanos() - REVIEW_EVERY.toNanos()));
  }

  /** Looks who is live now, and whether leases can be given. */
  private void look() {
    Set<String> now = house.live();
    String why = house.leaseRefusal().orElse("");
    if (!now.equals(live) || !why.equals(refusal)) {
      live = now;
      refusal = why;
      liveVersion++;
    }
  }

  /**
   * Answers a question if there is something to say.
   *
   * @param anyway also if there is nothing new
   */
  private boolean answer(Waiting question, boolean anyway) {
    FollowRequest request = question.request();
    boolean knowsMe = request.getHomeRun() == run;
    long after = knowsMe ? request.getAfter() : 0;
    long seen = knowsMe ? request.getLiveVersion() : 0;
    ChangeLog.Part part = changes.since(after, MOST_ENTRIES);
    if (part.rows().isEmpty() && seen == liveVersion && !anyway) {
      return false;
    }
    News.Builder news =
        News.newBuilder().setRun(run).setName(name).setLiveVersion(liveVersion).setRefusal(refusal);
    if (seen != liveVersion) {
      news.addAllLive(live);
    }
    fill(news, after, part);
    question.answer().tryComplete(news.build());
    return true;
  }

  private void fill(News.Builder news, long after, ChangeLog.Part part) {
    int characters = 0;
    List<ChangeLog.Row> rows = part.rows();
    for (int i = 0; i < rows.size(); i++) {
      String json = text(rows.get(i));
      if (i > 0 && characters + json.length() > MOST_CHARACTERS) {
        // The rest next time.
        ChangeLog.Part shorter = changes.since(after, i);
        news.setUpTo(shorter.upTo()).setMore(true);
        return;
      }
      characters += json.length();
      if (json.length() > MAX_RECORD) {
        log.warn("row {} is too long for outposts: {} characters", rows.get(i), json.length());
      } else if (!json.isEmpty()) {
        news.addEntries(
            Entry.newBuilder()
                .setTable(rows.get(i).table())
                .setKey(rows.get(i).key())
                .setJson(json));
      }
    }
    news.setUpTo(part.upTo()).setMore(part.more());
  }

  /** A row as it is now; empty if it is gone. */
  private String text(ChangeLog.Row row) {
    return find(row).map(ReplicatedTable::text).orElse("");
  }

  private Optional<Envelope> find(ChangeLog.Row row) {
    return house.table(row.table()).map(table -> table.known.get(row.key()));
  }

  @Override
  public Future<PublishAnswer> publish(String outpost, PublishRequest request) {
    return context
        .thread()
        .call(
            () -> {
              HostedOutpost from = hosted(outpost);
              if (request.getEntriesCount() > MOST_ENTRIES) {
                throw Fault.invalid(
                    "entries", request.getEntriesCount(), "at most " + MOST_ENTRIES);
              }
              List<String> refused = new ArrayList<>();
              for (Entry entry : request.getEntriesList()) {
                try {
                  publish(from, entry);
                } catch (WeftException e) {
                  refused.add(entry.getTable() + "/" + entry.getKey() + ": " + e.getMessage());
                }
              }
              return PublishAnswer.newBuilder().addAllRefused(refused).build();
            });
  }

  private void publish(HostedOutpost from, Entry entry) {
    ReplicatedTable table = table(entry.getTable());
    if (entry.getJson().isEmpty()) {
      table.forgetFrom(from.id(), entry.getKey());
      from.gone(entry.getTable(), entry.getKey());
      return;
    }
    Envelope envelope = own(from.id(), table, entry.getKey(), entry.getJson());
    if (table.replaces(envelope, table.known.get(envelope.key()))) {
      from.admit(entry.getTable(), entry.getKey(), System.nanoTime());
      table.tableStore.set(entry.getKey(), entry.getJson());
    }
  }

  /** The outpost's own record, verified. */
  private Envelope own(String outpost, ReplicatedTable table, String key, String json) {
    if (json.length() > MAX_RECORD) {
      throw Fault.invalid("record", json.length() + " characters", "at most " + MAX_RECORD);
    }
    Envelope envelope = Envelope.open(context.signer(), table.name, key, json);
    if (!envelope.node().equals(outpost) || !table.mayWrite(envelope)) {
      throw Fault.DENIED.because(
          "record of node " + envelope.node() + " (expected: one that " + outpost + " may write)");
    }
    return envelope;
  }

  @Override
  public Future<HeldAnswer> held(String outpost, HeldRequest request) {
    return context
        .thread()
        .call(
            () -> {
              HostedOutpost unused = hosted(outpost);
              String json = leases(request.getTable()).look(request.getKey());
              return HeldAnswer.newBuilder().setJson(json == null ? "" : json).build();
            });
  }

  @Override
  public Future<ReplaceAnswer> replace(String outpost, ReplaceRequest request) {
    return context
        .thread()
        .call(
            () -> {
              HostedOutpost from = hosted(outpost);
              ReplicatedLeases table = leases(request.getTable());
              Envelope next = own(outpost, table, request.getKey(), request.getJson());
              from.admit(request.getTable(), request.getKey(), System.nanoTime());
              String seen = request.getSeen().isEmpty() ? null : request.getSeen();
              return table.replace(request.getKey(), seen, request.getJson(), next);
            })
        .compose(replaced -> replaced)
        .map(replaced -> ReplaceAnswer.newBuilder().setReplaced(replaced).build());
  }

  @Override
  public Future<LeaveAnswer> leave(String outpost, LeaveRequest request) {
    return front.call(
        () -> {
          if (hosted(outpost).run() == request.getRun()) {
            forget(outpost, "it leaves");
          }
          return LeaveAnswer.getDefaultInstance();
        });
  }

  private HostedOutpost hosted(String outpost) {
    HostedOutpost known = outposts.get(outpost);
    if (known == null) {
      throw Fault.PRECONDITION.because(
          "outpost " + outpost + " is not known to node " + name + " (expected: it follows first)");
    }
    return known;
  }

  private ReplicatedTable table(String table) {
    // Where a claim is made is for homes alone.
    return house
        .table(table)
        .filter(found -> !table.equals(ClusterNode.OUTPOSTS))
        .orElseThrow(() -> Fault.NOT_FOUND.because("table " + table + " is not open here"));
  }

  private ReplicatedLeases leases(String table) {
    return Optional.of(table(table))
        .filter(ReplicatedLeases.class::isInstance)
        .map(ReplicatedLeases.class::cast)
        .orElseThrow(() -> Fault.NOT_FOUND.because("table " + table + " has no leases"));
  }
}
