package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.cluster.Leases.Lease;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RangeAgreementTest {
  private static final Map<String, String> A = range("10.42.0.0/16", "24");
  private static final Map<String, String> B = range("10.42.0.0/16", "25");

  private static Map<String, String> range(String cidr, String prefix) {
    return Map.of("subnets.cidr", cidr, "subnets.prefix", prefix, "subnets.vni", "100");
  }

  private static Lease lease(String key, String holder) {
    return new Lease(key, holder, holder, 1);
  }

  @Test
  void shouldRefuseNobodyWhereAllAgree() {
    Map<String, Map<String, String>> all = Map.of("n1", A, "n2", A, "n3", Map.of());

    assertThat(RangeAgreement.refusal("n1", all, List.of())).isEmpty();
    assertThat(RangeAgreement.refusal("n3", all, List.of())).isEmpty();
  }

  @Test
  void shouldRefuseTheFewAndNameBothValues() {
    Map<String, Map<String, String>> all = Map.of("n1", B, "n2", A, "n3", A);

    assertThat(RangeAgreement.refusal("n1", all, List.of()))
        .contains(
            "subnets.cidr: 10.42.0.0/16 with prefix 25 here, 10.42.0.0/16 with prefix 24 on most"
                + " members (expected: the same on all members)");
    assertThat(RangeAgreement.refusal("n2", all, List.of())).isEmpty();
  }

  @Test
  void shouldRefuseANewcomerWhatOneThatIsThereDoesNotHave() {
    Map<String, Map<String, String>> all = Map.of("n1", B, "n2", A);
    List<Lease> leases = List.of(lease("10.42.1.0/24", "n2"));

    assertThat(RangeAgreement.refusal("n1", all, leases)).isPresent();
    assertThat(RangeAgreement.refusal("n2", all, leases)).isEmpty();
  }

  @Property(tries = 300)
  void shouldLetPartsOfOneRangeBeTakenWhateverMembersAreConfiguredFor(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 3) Integer> configured,
      @ForAll @Size(max = 6) List<@IntRange(max = 5) Integer> leased) {
    Map<String, Map<String, String>> all = new TreeMap<>();
    for (int i = 0; i < configured.size(); i++) {
      all.put("n" + i, range("10.4" + configured.get(i) + ".0.0/16", "24"));
    }
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < leased.size(); i++) {
      leases.add(lease("10.4" + leased.get(i) + "." + i + ".0/24", "n" + i));
    }

    long ranges =
        all.entrySet().stream()
            .filter(m -> RangeAgreement.refusal(m.getKey(), all, leases).equals(Optional.empty()))
            .map(m -> m.getValue().get("subnets.cidr"))
            .distinct()
            .count();

    assertThat(ranges).isEqualTo(1);
  }
}
