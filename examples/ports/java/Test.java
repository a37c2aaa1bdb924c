// java Test NETWORK GOLDEN.json: every value of the port within its tolerance, or status 1.
import java.nio.file.*;
import java.util.*;
import java.util.regex.*;

class Test {
    static List<MatchResult> all(String pattern, String text) {
        return Pattern.compile(pattern, Pattern.DOTALL).matcher(text).results().toList();
    }

    public static void main(String[] arguments) throws Exception {
        String text = Files.readString(Path.of(arguments[1]));
        List<List<Integer>> batches = new ArrayList<>();
        for (var batch : all("\\[[^\\[\\]]+\\]", all("\"batches\": \\[(.*?\\])\\s*\\]", text).get(0).group(1)))
            batches.add(all("\\d+", batch.group()).stream().map(each -> Integer.valueOf(each.group())).toList());
        Port port = arguments[0].equals("WORKED_EXAMPLE") ? Port.WORKED_EXAMPLE : Port.MINI_BATCHES;
        Map<String, Double> told = port.train(batches, 20);
        told.forEach((name, value) -> System.out.println(name + "," + value)); // for neuronnet compare
        String quantity = "\"([^\"]+)\": \\{\\s*\"kind\"[^}]*?\"value\": ([^,]+),[^}]*?\"tolerance\": ([^,]+),";
        for (var each : all(quantity, text)) {
            Double value = told.get(each.group(1)), expected = Double.valueOf(each.group(2));
            if (value == null || Math.abs(value - expected) <= Double.parseDouble(each.group(3))) continue;
            System.err.println(each.group(1) + ": " + value + ", not " + expected);
            System.exit(1);
        }
    }
}
