# Makes lines of words, takes them apart by regular expressions and counts them; then a table of records, each a small
# hash with an array in it, replaced again and again, sorted, and joined to one text.
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);

my $lines = shift or die "usage: words.pl LINES\n";
my $state = 12345;
sub number { $state = ($state * 1103515245 + 12345) & 0x7fffffff; return ($state >> 8) % $_[0]; }

my (%count, %length_of, %followed_by);
my ($seen, $words) = (0, 0);
for my $i (0 .. $lines - 1) {
    my $line = join ' ', map { 'w' . number(3000) . ('abc', 'de', 'fghij')[number(3)] } 1 .. 5 + $i % 5;
    $line =~ s/w(\d+)de/W$1-de/g;
    my $previous = '';
    while ($line =~ /\b([wW])(\d+)-?([a-j]+)\b/g) {
        my $word = lc("$1$2$3");
        ++$count{$word};
        $length_of{$word} = length $word;
        push @{ $followed_by{$previous} }, $word if number(8) == 0;
        $previous = $word;
        ++$words;
    }
    ++$seen;
}

my %records;
my $kept = $lines / 10;
for my $i (0 .. $lines - 1) {
    my $key = 'key' . ($i % $kept);
    delete $records{$key} if number(2);
    my $record = ($records{$key} ||= { parts => [], text => '' });
    push @{ $record->{parts} }, $i, "part $i";
    $record->{text} .= 'x' x number(40);
    $record->{last} = $i;
}
my $found = grep { $records{ 'key' . ($_ % $kept) }{last} >= $_ } 0 .. $lines - 1;

my $text = '';
for my $word (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count) {
    $text .= "$word $count{$word} $length_of{$word} " . scalar(@{ $followed_by{$word} || [] }) . "\n";
}
for my $key (sort keys %records) {
    $text .= join(',', $key, @{ $records{$key}{parts} }, length $records{$key}{text}) . "\n";
}
print "lines $seen\nwords $words\nrecords $found\ntext ", length $text, ' ', md5_hex($text), "\n";
