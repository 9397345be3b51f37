package dev.weft.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One node's part in deciding charters: Paxos, once for each successor. It knows no clock, thread
 * or socket: it is given other nodes' rows and its surroundings, and gives what is to be kept on
 * disk, and published after that.
 *
 * <p>Each charter has one successor, because a majority of its voters accepts it and votes are on
 * disk; a name has one holder in a charter. So two nodes that both hold a name know charters of
 * different versions.
 */
final class Voter {
  /** More voters make nothing safer; other nodes get leases from these. */
  static final int MOST_VOTERS = 7;

  private static final int MOST_WISHES = 200;
  private static final long RETRY_MILLIS = 1500;

  /** After this a voter that is away makes place for another, or for none. */
  static final long GONE_MILLIS = 120_000;

  /** A node that comes and goes at once is no voter; the first few are needed at once. */
  static final long SETTLED_MILLIS = 30_000;

  /** What a node keeps on disk. */
  record Kept(String disk, Charter charter, Ballot promised, Ballot accepted, CharterStep value) {}

  /**
   * What a node sees.
   *
   * @param millis of a clock that never steps
   * @param live nodes that it takes for live, itself among them
   * @param founders how many nodes have to be there, by majority, before a charter is founded
   * @param leases holders by name before there was a charter
   */
  record View(long millis, Set<String> live, int founders, Map<String, String> leases) {}

  private final String self;
  private final Supplier<String> newDisk;
  private final Map<String, VoteRow> rows = new HashMap<>();
  private final Map<String, Long> awaySince = new HashMap<>();
  private final Map<String, Long> hereSince = new HashMap<>();
  private final List<LeaseWish> wishes = new ArrayList<>();

  private String disk;
  private Charter charter;
  private Ballot promised;
  private Ballot accepted;
  private CharterStep value;

  private Ballot asks;
  private CharterStep proposes;
  private long askedAt;

  /**
   * @param kept null for a node with an empty disk
   * @param newDisk makes names of disks, never the same twice
   */
  Voter(String self, Kept kept, Supplier<String> newDisk) {
    this.self = self;
    this.newDisk = newDisk;
    this.disk = kept == null ? newDisk.get() : kept.disk();
    if (kept != null) {
      charter = kept.charter();
      promised = kept.promised();
      accepted = kept.accepted();
      value = kept.value();
    }
  }

  /** The charter that this node knows. */
  Optional<Charter> charter() {
    return Optional.ofNullable(charter);
  }

  Kept kept() {
    return new Kept(disk, charter, promised, accepted, value);
  }

  VoteRow row() {
    return new VoteRow(
        voter(),
        base(),
        isVoter() || isAhead() ? charter : null,
        promised,
        accepted,
        value,
        asks,
        proposes,
        List.copyOf(wishes));
  }

  void wish(LeaseWish wish) {
    wishes.add(wish);
  }

  void drop(LeaseWish wish) {
    wishes.remove(wish);
  }

  /** Takes another node's row, or this node's own once it is on disk and published. */
  void onRow(String node, VoteRow row) {
    rows.put(node, row);
  }

  /** Does what is to be done now. */
  void step(View view) {
    rows.keySet().retainAll(view.live());
    learn();
    observe(view);
    replaceLostDisks(view);
    vote();
    propose(view);
    vote();
  }

  /** How many of the charter's voters are live and have their disks. */
  int votersHere() {
    return charter == null ? 0 : (int) charter.voters().stream().filter(this::isHere).count();
  }

  /** Whether enough are there to decide something. */
  boolean canDecide() {
    return charter != null && votersHere() >= charter.majority();
  }

  /**
   * Forgets voters that are gone for good, because somebody says so who knows.
   *
   * @return the voters that would have to be there too, and are not; empty if enough are
   */
  Set<String> forget(Set<String> nodes, Set<String> live) {
    Set<String> missing = new TreeSet<>();
    if (charter == null) {
      return missing;
    }
    Set<String> gone = new TreeSet<>();
    for (String voter : charter.voters()) {
      if (!isHere(voter)) {
        boolean isGone = nodes.contains(Charter.nodeOf(voter)) || hasLostDisk(voter, live);
        (isGone ? gone : missing).add(voter);
      }
    }
    if (canDecide()) {
      // They are replaced without anybody's word.
      return Set.of();
    }
    if (missing.isEmpty() && !gone.isEmpty()) {
      foundAgain();
    }
    return missing;
  }

  private String voter() {
    return Charter.voter(self, disk);
  }

  private String base() {
    return charter == null ? "" : charter.base();
  }

  private boolean isVoter() {
    return charter != null && charter.voters().contains(voter());
  }

  /** Whether no voter is there that knows the charter, or one that does not know it yet. */
  private boolean isAhead() {
    if (charter == null) {
      return false;
    }
    List<VoteRow> here =
        charter.voters().stream()
            .filter(this::isHere)
            .map(voter -> rows.get(Charter.nodeOf(voter)))
            .filter(Objects::nonNull)
            .toList();
    return here.isEmpty() || here.stream().anyMatch(row -> charter.beats(row.charter()));
  }

  private boolean isHere(String voter) {
    if (voter.equals(voter())) {
      return true;
    }
    VoteRow row = rows.get(Charter.nodeOf(voter));
    return row != null && row.voter().equals(voter);
  }

  private void adopt(Charter next) {
    if (charter != null && !charter.lineage().equals(next.lineage())) {
      // Votes in the former lineage are forgotten: should it come back, this is another voter.
      disk = newDisk.get();
    }
    charter = next;
    promised = null;
    accepted = null;
    value = null;
    asks = null;
    proposes = null;
  }

  /** For voters that never come back: no majority is needed, and none of theirs can be left. */
  private void foundAgain() {
    Charter old = charter;
    disk = newDisk.get();
    charter = null;
    adopt(Charter.founded(voter(), old.generation() + 1, old.version() + 1, voter(), old.leases()));
  }

  private void learn() {
    for (VoteRow row : List.copyOf(rows.values())) {
      if (row.charter() != null && row.charter().beats(charter)) {
        adopt(row.charter());
      }
    }
    decided().ifPresent(this::adopt);
    wishes.removeIf(wish -> charter != null && wish.isMet(charter.leases()));
  }

  /** The next charter, if a majority has accepted it. Who founds the first one counts alone. */
  private Optional<Charter> decided() {
    if (charter == null) {
      return Optional.empty();
    }
    Map<Ballot, List<VoteRow>> votes =
        electors().stream()
            .filter(row -> row.accepted() != null)
            .collect(Collectors.groupingBy(VoteRow::accepted));
    return votes.values().stream()
        .filter(rowsOf -> rowsOf.size() >= charter.majority())
        .findFirst()
        .map(rowsOf -> charter.after(rowsOf.get(0).value()));
  }

  /** Rows of those who vote on this node's next charter. */
  private List<VoteRow> electors() {
    String base = base();
    return rows.values().stream()
        .filter(row -> row.base().equals(base))
        .filter(row -> charter == null || charter.voters().contains(row.voter()))
        .toList();
  }

  private void observe(View view) {
    long now = view.millis();
    hereSince.keySet().retainAll(view.live());
    view.live().forEach(node -> hereSince.putIfAbsent(node, now));
    if (charter == null) {
      return;
    }
    awaySince.keySet().retainAll(charter.voters());
    for (String voter : charter.voters()) {
      if (isHere(voter)) {
        awaySince.remove(voter);
      } else {
        awaySince.putIfAbsent(voter, now);
      }
    }
  }

  /**
   * A voter that is there with another disk says by its key that the former one is lost. If all
   * others are there and still no majority is, which is so with one of two, they go on without it.
   */
  private void replaceLostDisks(View view) {
    if (charter == null || canDecide()) {
      return;
    }
    boolean allOthersHere =
        charter.voters().stream()
            .allMatch(voter -> isHere(voter) || hasLostDisk(voter, view.live()));
    if (allOthersHere && (votersHere() > 0 ? leads() : isFirstToKnow(view))) {
      foundAgain();
    }
  }

  /** Of those who are there and know the charter. */
  private boolean isFirstToKnow(View view) {
    String lineage = charter.lineage() + ":";
    return view.live().stream()
        .filter(node -> node.compareTo(self) < 0)
        .map(rows::get)
        .noneMatch(row -> row == null || row.base().startsWith(lineage));
  }

  private boolean hasLostDisk(String voter, Set<String> live) {
    String node = Charter.nodeOf(voter);
    VoteRow row = rows.get(node);
    // A row of the same lineage: who has gone over to another one is no voter, but has its disk.
    return live.contains(node)
        && row != null
        && !row.voter().equals(voter)
        && (row.base().isEmpty() || row.base().startsWith(charter.lineage() + ":"));
  }

  private void vote() {
    if (charter != null && !isVoter()) {
      return;
    }
    Map<Ballot, CharterStep> open = new HashMap<>();
    for (VoteRow row : rows.values()) {
      if (row.base().equals(base()) && row.asks() != null) {
        open.put(row.asks(), row.proposes());
      }
    }
    if (asks != null) {
      open.put(asks, proposes);
    }
    open.keySet().stream()
        .max(Comparator.naturalOrder())
        .filter(latest -> latest.after(promised))
        .ifPresent(latest -> promised = latest);
    CharterStep proposed = promised == null ? null : open.get(promised);
    if (proposed != null && promised.after(accepted)) {
      accepted = promised;
      value = proposed;
    }
  }

  /** Whether this node is the one that proposes, so that few ballots compete. */
  private boolean leads() {
    return charter.voters().stream()
        .filter(this::isHere)
        .findFirst()
        .filter(voter()::equals)
        .isPresent();
  }

  private void propose(View view) {
    boolean founds =
        charter == null && view.live().stream().min(Comparator.naturalOrder()).get().equals(self);
    boolean may = charter == null ? founds && enoughFounders(view) : leads() && canDecide();
    if (!may || (asks != null && view.millis() - askedAt > RETRY_MILLIS)) {
      asks = null;
      proposes = null;
    }
    if (!may) {
      return;
    }
    if (asks == null) {
      ask(view);
    } else if (proposes == null) {
      proposeOnce(view);
    } else if (charter == null
        && electors().stream().filter(row -> asks.equals(row.accepted())).count()
            >= view.founders() / 2 + 1) {
      adopt(proposes.founded());
    }
  }

  private boolean enoughFounders(View view) {
    return view.live().size() >= view.founders() / 2 + 1
        && rows.keySet().containsAll(view.live())
        && rows.values().stream().allMatch(row -> row.base().isEmpty());
  }

  private void ask(View view) {
    if (next(view).isEmpty()) {
      return;
    }
    long round = promised == null ? 0 : promised.round();
    for (VoteRow row : rows.values()) {
      if (row.base().equals(base()) && row.promised() != null) {
        round = Math.max(round, row.promised().round());
      }
    }
    asks = new Ballot(round + 1, self);
    askedAt = view.millis();
  }

  private void proposeOnce(View view) {
    List<VoteRow> promisers =
        electors().stream().filter(row -> asks.equals(row.promised())).toList();
    int needed = charter == null ? view.founders() / 2 + 1 : charter.majority();
    if (promisers.size() < needed) {
      return;
    }
    // What may have been decided already is proposed again.
    Optional<CharterStep> earlier =
        promisers.stream()
            .filter(row -> row.accepted() != null)
            .max(Comparator.comparing(VoteRow::accepted))
            .map(VoteRow::value);
    proposes = earlier.or(() -> next(view)).orElse(null);
    if (proposes == null) {
      asks = null;
    }
  }

  /** What is to be decided next, if anything. */
  private Optional<CharterStep> next(View view) {
    if (charter == null) {
      return Optional.of(
          new CharterStep(
              Charter.founded(voter(), 0, 1, voter(), view.leases()), null, null, List.of()));
    }
    List<LeaseWish> wanted = new ArrayList<>();
    Map<String, VoteRow> ordered = new TreeMap<>(rows);
    ordered.remove(self);
    Map<String, String> leases = new HashMap<>(charter.leases());
    List<LeaseWish> all = new ArrayList<>(wishes);
    ordered.values().forEach(row -> all.addAll(row.wishes()));
    for (LeaseWish wish : all) {
      if (wanted.size() < MOST_WISHES && wish.applies(leases)) {
        wanted.add(wish);
        leases.put(wish.key(), wish.holder());
      }
    }
    List<String> candidates = candidates(view);
    String remove = removed(view, candidates).orElse(null);
    String add = remove == null ? added(candidates).orElse(null) : null;
    return wanted.isEmpty() && remove == null && add == null
        ? Optional.empty()
        : Optional.of(new CharterStep(null, add, remove, wanted));
  }

  /** A voter to go on without; empty for none. An even number of voters bears no more losses. */
  private Optional<String> removed(View view, List<String> candidates) {
    List<String> away = charter.voters().stream().filter(voter -> !isHere(voter)).toList();
    Optional<String> sure = away.stream().filter(v -> hasLostDisk(v, view.live())).findFirst();
    if (sure.isPresent()) {
      return sure;
    }
    List<String> gone =
        away.stream().filter(v -> view.millis() - awaySince.get(v) >= GONE_MILLIS).toList();
    if (charter.voters().size() % 2 == 1) {
      return gone.stream().findFirst().filter(v -> gone.size() > 1 || !candidates.isEmpty());
    }
    if (!gone.isEmpty() || !candidates.isEmpty()) {
      return gone.stream().findFirst();
    }
    return away.stream().findFirst().or(() -> Optional.of(charter.voters().last()));
  }

  private Optional<String> added(List<String> candidates) {
    int voters = charter.voters().size();
    boolean wanted = voters % 2 == 1 ? candidates.size() > 1 : !candidates.isEmpty();
    return wanted && voters < MOST_VOTERS ? candidates.stream().findFirst() : Optional.empty();
  }

  /** Nodes that could be voters. */
  private List<String> candidates(View view) {
    long settled = charter.voters().size() < 3 ? 0 : SETTLED_MILLIS;
    return rows.entrySet().stream()
        .filter(row -> row.getValue().base().startsWith(charter.lineage() + ":"))
        .filter(row -> view.millis() - hereSince.get(row.getKey()) >= settled)
        .map(row -> row.getValue().voter())
        .filter(voter -> !charter.voters().contains(voter))
        .sorted()
        .toList();
  }
}
