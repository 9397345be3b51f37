package dev.weft.nsm.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.cluster.CommonTable;
import dev.weft.nsm.ServiceChain;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChainsTest {
  private final SortedMap<String, String> rows = new TreeMap<>();
  private final List<Runnable> listeners = new ArrayList<>();
  private final Chains chains =
      new Chains(
          Map.of("own", List.of("nat", "secure")),
          new CommonTable() {
            @Override
            public Future<Void> write(Map<String, String> puts, Set<String> removes) {
              rows.putAll(puts);
              rows.keySet().removeAll(removes);
              return Future.succeededFuture();
            }

            @Override
            public SortedMap<String, String> rows() {
              return rows;
            }

            @Override
            public long version(String key) {
              return 0;
            }

            @Override
            public void onChange(Runnable listener) {
              listeners.add(listener);
            }
          });

  @Test
  void shouldTellOfChangesAndOfNothingElse() {
    AtomicInteger told = new AtomicInteger();
    chains.onChange(told::incrementAndGet);

    listeners.forEach(Runnable::run);
    assertThat(told).hasValue(0);
    chains.put("secure", List.of("vpn"));
    listeners.forEach(Runnable::run);
    listeners.forEach(Runnable::run);

    assertThat(told).hasValue(1);
  }

  @Test
  void shouldLeadOverTheServicesOfOtherChains() {
    chains.put("secure", List.of("firewall", "vpn"));

    assertThat(chains.way("own")).containsExactly("nat", "firewall", "vpn");
    assertThat(chains.way("firewall")).isEmpty();
  }

  @Test
  void shouldRefuseALoopAndNameIt() {
    chains.put("a", List.of("b"));
    chains.put("b", List.of("c"));

    assertThatThrownBy(() -> chains.put("c", List.of("a")))
        .hasMessage("chain c: a loop, c -> a -> b -> c");
    assertThatThrownBy(() -> chains.put("d", List.of("d"))).hasMessage("chain d: a loop, d -> d");
    assertThat(chains.all()).containsOnlyKeys("a", "b", "own");
  }

  /** Two members may each declare a half of it at the same time. */
  @Test
  void shouldRefuseALoopThatCameAboutElsewhere() {
    chains.put("a", List.of("b"));
    rows.put("b", "{\"service\":\"b\",\"via\":[\"a\"],\"origin\":\"api\"}");

    assertThatThrownBy(() -> chains.way("a")).hasMessage("chain a: a loop, a -> b -> a");
  }

  @Test
  void shouldRefuseAServiceThatComesTwice() {
    chains.put("secure", List.of("firewall", "vpn"));

    assertThatThrownBy(() -> chains.put("twice", List.of("vpn", "secure")))
        .hasMessageContaining("vpn twice in vpn -> firewall -> vpn");
  }

  @Test
  void shouldBoundTheLengthOfAChain() {
    chains.put("half", IntStream.range(0, 5).mapToObj(i -> "h" + i).toList());

    assertThatThrownBy(() -> chains.put("whole", List.of("half", "x1", "x2", "x3", "x4")))
        .hasMessageContaining("more than 8 services");
    assertThatThrownBy(
            () -> chains.put("long", IntStream.range(0, 9).mapToObj(i -> "s" + i).toList()))
        .hasMessageContaining("via: 9 services (expected: 1..8)");
    assertThatThrownBy(() -> chains.put("none", List.of())).hasMessageContaining("via: 0 services");
  }

  @Test
  void shouldNotBeWithdrawnOverTheApiWhereTheConfigurationDeclaresIt() {
    assertThatThrownBy(() -> chains.put("own", List.of("vpn"))).hasMessageContaining("nsm.chains");
    assertThatThrownBy(() -> chains.remove("own")).hasMessageContaining("nsm.chains");
    assertThatThrownBy(() -> chains.remove("other")).hasMessage("chain other: not declared");
    assertThat(chains.all().get("own").origin()).isEqualTo(ServiceChain.Origin.CONFIG);
  }

  @Test
  void shouldPassOverARowThatItDoesNotUnderstand() {
    rows.put("odd", "{\"service\":\"even\",\"via\":[\"x\"]}");
    rows.put("none", "{\"service\":\"none\"}");
    rows.put("text", "nonsense");

    assertThat(chains.all()).containsOnlyKeys("own");
  }
}
