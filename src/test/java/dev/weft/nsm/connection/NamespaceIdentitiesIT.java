package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

@Needs(Need.ROOT)
class NamespaceIdentitiesIT {
  @AutoClose private final TestNetns netns = TestNetns.create("identity");
  private final NamespaceIdentities identities = new NamespaceIdentities();

  /** By the cookie: the kernel may give the inode number of the one that died to the next. */
  @Test
  void shouldTellANamespaceFromTheNextOneOfItsName() throws Exception {
    String ref = netns.name();
    long before = identity(ref);

    Netns.delete(ref);
    Netns.create(ref);

    assertThat(identity(ref)).isNotEqualTo(before).isEqualTo(Netns.cookieOf(ref));
  }

  @Test
  void shouldKnowNoNamespaceWhereNoneIs() throws IOException {
    assertThat(identity("no-such-namespace")).isZero();
    assertThat(identity("/etc/passwd")).isZero();
  }

  private long identity(String ref) throws IOException {
    return identities.of(List.of(ref)).get(ref);
  }
}
