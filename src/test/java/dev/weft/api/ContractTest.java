package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.weft.bus.Fact;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What openapi.yaml says of itself. */
final class ContractTest {
  private static final Vertx vertx = Vertx.vertx();
  private static Contract contract;

  /**
   * @param at the example's place
   * @param content schema and example
   */
  record Example(String at, JsonObject content) {
    @Override
    public String toString() {
      return at;
    }
  }

  @BeforeAll
  static void load() {
    contract = TestNode.await(Contract.load(vertx));
  }

  @AfterAll
  static void close() {
    TestNode.await(vertx.close());
  }

  static Stream<Example> examples() {
    List<Example> found = new ArrayList<>();
    find("", contract.document().getJsonObject("paths"), found);
    return found.stream();
  }

  @ParameterizedTest
  @MethodSource("examples")
  void shouldGiveExamplesThatFitTheirSchemas(Example example) {
    OutputUnit checked = check(example.content().getJsonObject("schema"), example.content());

    assertThat(checked.getValid()).as("%s", checked.getErrors()).isTrue();
  }

  @Test
  void shouldNameEveryKindOfEvent() {
    List<String> facts =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.weft")
                .stream()
                .filter(c -> c.isAssignableTo(Fact.class) && !c.isInterface())
                .map(JavaClass::getSimpleName)
                .sorted()
                .toList();

    JsonObject kind =
        contract
            .document()
            .getJsonObject("paths")
            .getJsonObject("/api/v1/events")
            .getJsonObject("get")
            .getJsonArray("parameters")
            .stream()
            .map(JsonObject.class::cast)
            .filter(p -> "kind".equals(p.getString("name")))
            .findFirst()
            .orElseThrow();
    assertThat(kind.getJsonObject("schema").getJsonObject("items").getJsonArray("enum").stream())
        .asInstanceOf(InstanceOfAssertFactories.list(Object.class))
        .isEqualTo(facts);
  }

  @Test
  void shouldNoticeAnExampleThatDoesNotFit() {
    JsonObject schema = JsonObject.of("$ref", "#/components/schemas/MeshLinkList");
    JsonObject wrong = new JsonObject("{\"example\":{\"items\":[{\"node\":1}],\"unanswered\":[]}}");

    assertThat(check(schema, wrong).getValid()).isFalse();
  }

  private static OutputUnit check(JsonObject schema, JsonObject content) {
    JsonObject whole =
        schema.copy().put("components", contract.document().getJsonObject("components"));
    JsonSchemaOptions options =
        new JsonSchemaOptions().setBaseUri("app://weft/").setDraft(Draft.DRAFT202012);
    return Validator.create(JsonSchema.of(whole), options)
        .validate(content.getJsonObject("example"));
  }

  private static void find(String at, JsonObject part, List<Example> found) {
    if (part.containsKey("example")) {
      found.add(new Example(at, part));
      return;
    }
    for (Map.Entry<String, Object> field : part) {
      if (field.getValue() instanceof JsonObject below) {
        find(at + " " + field.getKey(), below, found);
      }
    }
  }
}
