package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ListRowsTest {
  @Property
  void shouldGiveEveryRowOfEveryMemberOnceAndInOrder(
      @ForAll @Size(max = 4) Map<Byte, @Size(max = 40) Set<Byte>> byMember,
      @ForAll @IntRange(min = 1, max = 9) int limit) {
    Set<String> whole = new TreeSet<>();
    byMember.values().forEach(keys -> keys.forEach(k -> whole.add(key(k))));

    List<String> given = walk(() -> byMember, limit);

    assertThat(given).containsExactlyElementsOf(whole);
  }

  @Property
  void shouldLoseNoRowThatStandsWhileOthersComeAndGo(
      @ForAll @Size(max = 60) Set<Byte> standing,
      @ForAll @Size(max = 10) List<@Size(max = 20) Set<Byte>> passing,
      @ForAll @IntRange(min = 1, max = 9) int limit) {
    List<Set<Byte>> left = new ArrayList<>(passing);

    List<String> given =
        walk(
            () -> {
              Set<Byte> now = new HashSet<>(standing);
              now.addAll(left.isEmpty() ? Set.of() : left.remove(0));
              return Map.of((byte) 1, now);
            },
            limit);

    assertThat(given).doesNotHaveDuplicates().isSorted();
    assertThat(given).containsAll(standing.stream().map(ListRowsTest::key).toList());
  }

  @Test
  void shouldCountOnceWhatTwoMembersHold() {
    ListRow<String> shared = row("w1", "up", true);
    ListRow<String> alone = row("w2", "waiting", false);
    ListRows a = ListRows.of(List.of(shared.heldBy("b"), alone), null, 10);
    ListRows b = ListRows.of(List.of(shared.heldBy("a")), null, 10);

    ListRows both = merged(Map.of("a", a, "b", b), 10);
    ListRows withoutTheFirst = merged(Map.of("b", b), 10);

    assertThat(both.items()).hasSize(2);
    assertThat(both.total()).isEqualTo(2);
    assertThat(both.states()).isEqualTo(Map.of("up", 1, "waiting", 1));
    assertThat(withoutTheFirst.total()).isEqualTo(1);
  }

  @Test
  void shouldGiveWhatIsNotWellFirst() {
    ListRows rows =
        ListRows.of(
            List.of(row("a", "up", true), row("z", "failed", false), row("b", "up", true)),
            null,
            2);

    assertThat(rows.items()).extracting(JsonNode::asText).containsExactly("z", "a");
    assertThat(rows.next()).isEqualTo("1 a");
    assertThat(rows.total()).isEqualTo(3);
  }

  @Test
  void shouldOrderPrefixesByAddress() {
    List<String> prefixes =
        List.of("10.9.0.0/16", "10.9.0.0/24", "10.42.2.0/24", "10.42.10.0/24", "fd00::/64");

    assertThat(prefixes.stream().map(ListRow::prefix)).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void shouldHaveNoNextAtTheEnd() {
    List<ListRow<String>> two = List.of(row("a", null, true), row("b", null, true));

    assertThat(ListRows.of(two, null, 2).next()).isNull();
    assertThat(ListRows.of(two, null, 1).next()).isEqualTo("1 a");
    assertThat(ListRows.of(two, "1 b", 2).items()).isEmpty();
  }

  /** All parts one after the other, each from what the members have at that time. */
  private static List<String> walk(Supplier<Map<Byte, Set<Byte>>> members, int limit) {
    List<String> given = new ArrayList<>();
    String after = null;
    do {
      SortedMap<String, ListRows> parts = new TreeMap<>();
      for (Map.Entry<Byte, Set<Byte>> member : members.get().entrySet()) {
        Collection<ListRow<String>> rows =
            member.getValue().stream().map(k -> ListRow.of(key(k), key(k))).toList();
        parts.put(member.getKey().toString(), ListRows.of(rows, after, limit));
      }
      ListRows part = merged(parts, limit);
      assertThat(part.rows()).hasSizeLessThanOrEqualTo(limit);
      part.items().forEach(item -> given.add(item.asText()));
      after = part.next();
    } while (after != null);
    return given;
  }

  private static ListRows merged(Map<String, ListRows> parts, int limit) {
    return ListRows.merged(new TreeMap<>(parts), (a, b) -> a, limit);
  }

  private static ListRow<String> row(String name, String state, boolean well) {
    return ListRow.worstFirst(name, state, well, name);
  }

  private static String key(byte number) {
    return ListRow.number(number - (long) Byte.MIN_VALUE);
  }
}
