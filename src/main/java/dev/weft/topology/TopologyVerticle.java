package dev.weft.topology;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.MemberChanged;
import dev.weft.cluster.MemberForgotten;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.wire.WireSpec;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The topology room's actor: keeps the cluster's topologies and has their wires made here. */
public final class TopologyVerticle extends VerticleBase implements Topologies {
  private static final Duration MEMBER_DEADLINE = Duration.ofSeconds(2);

  /** Changes of a whole file are one fact. */
  private static final long TELL_AFTER_MILLIS = 100;

  private final RoomContext room;
  private final int defaultMtu;
  private final LongSupplier nanoTime;
  private RoomThread thread;
  private TopologyTable table;
  private Pods pods;
  private Joiner joiner;
  private boolean telling;

  /**
   * @param defaultMtu bytes, for links that ask for none
   */
  public TopologyVerticle(RoomContext room, int defaultMtu) {
    this(room, defaultMtu, System::nanoTime);
  }

  TopologyVerticle(RoomContext room, int defaultMtu, LongSupplier nanoTime) {
    this.room = room;
    this.defaultMtu = WireSpec.checkMtu(defaultMtu);
    this.nanoTime = nanoTime;
  }

  @Override
  public Future<?> start() {
    Bus bus = room.bus();
    thread = new RoomThread(context);
    table = new TopologyTable(room.cluster().common("topologies"));
    pods = bus.proxy(Pods.class);
    joiner = new Joiner(vertx, room.cluster(), bus.proxy(Wires.class), this::plan, nanoTime);
    table.onChange(this::onChange);
    bus.on(PodChanged.class, fact -> joiner.trigger());
    bus.on(MemberChanged.class, fact -> joiner.onMember(fact.id()));
    bus.on(MemberForgotten.class, fact -> joiner.onForgotten(fact.id()));
    joiner.start();
    return bus.serve(Topologies.class, this);
  }

  private void onChange() {
    joiner.trigger();
    if (!telling) {
      telling = true;
      vertx.setTimer(TELL_AFTER_MILLIS, later -> tell());
    }
  }

  private void tell() {
    telling = false;
    TopologySnapshot now = table.read();
    room.bus().publish(new TopologyChanged(now.topologies().size(), now.links().size()));
  }

  @Override
  public Future<List<TopologyStatus>> apply(List<Topology> topologies) {
    check(topologies);
    return inOrder(
            () -> {
              TopologySnapshot after = table.read();
              topologies.forEach(t -> after.topologies().put(t.pod(), t));
              after.checkSize();
              return table.putTopologies(topologies).compose(v -> forgetCuts());
            })
        .compose(v -> plan())
        .compose(plan -> statuses(topologies, plan));
  }

  @Override
  public Future<Void> delete(PodRef pod) {
    return inOrder(
        () -> {
          table.read().topologyOf(pod);
          return table.removeTopology(pod).compose(v -> forgetCuts());
        });
  }

  @Override
  public Future<List<TopologyStatus>> list() {
    Collection<Topology> topologies = table.read().topologies().values();
    return plan().compose(plan -> statuses(topologies, plan));
  }

  @Override
  public Future<TopologyStatus> get(PodRef pod) {
    Topology topology = table.read().topologyOf(pod);
    return plan().compose(plan -> statuses(List.of(topology), plan)).map(list -> list.get(0));
  }

  @Override
  public Future<Topology> describe(PodRef pod) {
    return Future.succeededFuture(table.read().topologyOf(pod));
  }

  @Override
  public Future<List<LinkStatus>> links() {
    return plan()
        .compose(
            plan -> {
              List<LinkStatus> singles = List.copyOf(plan.singles().values());
              return view(singles).map(view -> singles.stream().map(view::merge).toList());
            });
  }

  @Override
  public Future<LinkStatus> addLink(SingleLink link) {
    DocumentProblems faults = new DocumentProblems();
    SingleLinkObject.check(link, faults);
    faults.throwIfAny();
    LinkDescription described = LinkDescription.of(link);
    return inOrder(
            () -> {
              TopologySnapshot contents = table.read();
              SingleLink same = contents.links().get(described.id());
              if (same != null && LinkDescription.of(same).equals(described)) {
                return Future.<Void>succeededFuture();
              }
              contents.checkFree(described);
              contents.links().put(described.id(), link);
              contents.checkSize();
              return table.putLink(described.id(), link);
            })
        .compose(v -> plan())
        .compose(
            plan -> {
              LinkStatus planned = plan.singles().get(described.id());
              if (planned == null) {
                throw Fault.CONFLICT.because("wire " + described.id() + " was removed meanwhile");
              }
              return view(List.of(planned)).map(view -> view.merge(planned));
            });
  }

  @Override
  public Future<Void> removeLink(String wire) {
    return inOrder(
        () -> {
          table.read().checkSingle(wire);
          return table.removeLink(wire).compose(v -> forgetCuts());
        });
  }

  /** A link that is made again begins whole. */
  private Future<Void> forgetCuts() {
    return table.mend(table.read().leftCut());
  }

  @Override
  public Future<Void> cut(String wire) {
    return inOrder(
        () -> {
          table.read().checkDescribed(wire);
          return table.cut(wire);
        });
  }

  @Override
  public Future<Void> mend(String wire) {
    return inOrder(
        () -> {
          table.read().checkDescribed(wire);
          return table.mend(List.of(wire));
        });
  }

  /** The plan for what is known now; made on a worker thread, since it may be large. */
  private Future<Plan> plan() {
    return Future.all(pods.all(), pods.away())
        .compose(
            both -> {
              List<Pod> known = new ArrayList<>(both.<List<Pod>>resultAt(0));
              known.addAll(both.<List<Pod>>resultAt(1));
              TopologySnapshot contents = table.read();
              return thread.blocking(
                  () ->
                      LinkPlanner.plan(
                              contents.topologies().values(),
                              contents.links().values(),
                              known,
                              defaultMtu,
                              room.cluster()::name)
                          .withCut(contents.cut()));
            });
  }

  private Future<List<TopologyStatus>> statuses(Collection<Topology> topologies, Plan plan) {
    SortedMap<PodRef, List<LinkStatus>> planned = new TreeMap<>();
    topologies.forEach(t -> planned.put(t.pod(), plan.links().getOrDefault(t.pod(), List.of())));
    List<LinkStatus> links = planned.values().stream().flatMap(List::stream).toList();
    return view(links)
        .map(
            view ->
                topologies.stream()
                    .map(
                        t ->
                            new TopologyStatus(
                                t, planned.get(t.pod()).stream().map(view::merge).toList()))
                    .toList());
  }

  /** Asks each node that can tell about one of the links, once. */
  private Future<LinkView> view(List<LinkStatus> planned) {
    Map<String, LinkView.Answer> answers = new HashMap<>();
    List<Future<Void>> asked = new ArrayList<>();
    planned.stream()
        .map(link -> LinkView.witness(room.self(), link))
        .filter(Objects::nonNull)
        .distinct()
        .forEach(node -> asked.add(ask(node).onSuccess(a -> answers.put(node, a)).mapEmpty()));
    return Future.all(asked).map(v -> new LinkView(room.self(), answers, joiner::failure));
  }

  private Future<LinkView.Answer> ask(String node) {
    String name = room.cluster().name(node);
    return room.bus()
        .proxy(Wires.class, node, MEMBER_DEADLINE)
        .list()
        .map(
            wires ->
                new LinkView.Answer(
                    name,
                    wires.stream().collect(Collectors.toMap(w -> w.spec().id(), w -> w)),
                    null))
        .otherwise(t -> new LinkView.Answer(name, Map.of(), WeftException.of(t).getMessage()));
  }

  private static void check(List<Topology> topologies) {
    DocumentProblems faults = new DocumentProblems();
    Map<PodRef, Integer> first = new HashMap<>();
    for (int i = 0; i < topologies.size(); i++) {
      String path = "topologies[" + i + "]";
      Topology topology = topologies.get(i);
      TopologyObject.read(new DocumentNode(path, TopologyObject.write(topology), faults));
      Integer before = first.putIfAbsent(topology.pod(), i);
      if (before != null) {
        faults.add(
            path, "second topology of pod " + topology.pod() + "; number " + before + " is one");
      }
    }
    faults.throwIfAny();
  }

  /** Changes read the table before they write it: one at a time. */
  private <T> Future<T> inOrder(Supplier<Future<T>> change) {
    return thread.inOrder(table, change);
  }
}
